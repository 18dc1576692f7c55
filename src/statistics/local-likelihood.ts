import type { TalliedRates } from "./pair-tally.ts";
import { differenceShare } from "./rate-by-people.ts";
import type { RateInterval } from "./rate-interval.ts";
import type { TalliedScores } from "./tally-scores.ts";

/** The weight with which a score speaks for one person against two, from the pairs that score about as much. */
export interface LocalLikelihood {
  readonly cosine: number;
  /** log₁₀ of how much more often such a score comes from one person than from two; null where one of the kinds has no such pair. */
  readonly log10: number | null;
  /** Its interval; null for an end that the pairs say nothing about. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Half widths of the stretch of scores that counts as "about as much", the first in which there are enough pairs of both kinds. */
const HALF_WIDTHS = [0.01, 0.02, 0.03] as const;
const ENOUGH = 50;

/**
 * The likelihood ratio at each of some scores, by how many pairs of each kind score about as much. Never from a pair that
 * was not there: where one kind has none, what is known is a bound.
 *
 * A higher score never says less, so a lower bound holds for all higher scores too, and an upper bound for all lower ones.
 *
 * @param cosines rising
 * @param tallied at thresholds that have every cosine ± each half width
 */
export function localLikelihoods(tallied: TalliedScores, cosines: readonly number[]): LocalLikelihood[] {
  const found = cosines.map((cosine) => localLikelihood(tallied, cosine));
  let low: number | null = null;
  for (let i = 0; i < found.length; i++) {
    const own = found[i]!.low;
    if (own !== null && (low === null || own > low)) low = own;
    found[i] = { ...found[i]!, low };
  }
  let high: number | null = null;
  for (let i = found.length - 1; i >= 0; i--) {
    const own = found[i]!.high;
    if (own !== null && (high === null || own < high)) high = own;
    found[i] = { ...found[i]!, high };
  }
  return found.map((each) => {
    const { log10 } = each;
    if (log10 === null) return each;
    return {
      ...each,
      log10: Math.min(Math.max(log10, each.low ?? log10), Math.max(each.high ?? log10, each.low ?? log10)),
    };
  });
}

function localLikelihood({ genuine, impostor }: TalliedScores, cosine: number): LocalLikelihood {
  const within = (rates: TalliedRates, half: number) =>
    [placeOf(rates, cosine - half), placeOf(rates, cosine + half)] as const;
  const count = (rates: TalliedRates, [from, to]: readonly [number, number]): number =>
    rates.accepted[from]! - rates.accepted[to]!;
  const half =
    HALF_WIDTHS.find((own) =>
      [genuine, impostor].every((rates) => count(rates, within(rates, own)) >= ENOUGH),
    ) ?? HALF_WIDTHS.at(-1)!;
  const [g, n] = [genuine, impostor].map((rates) => differenceShare(rates, ...within(rates, half))) as [
    RateInterval,
    RateInterval,
  ];
  if (g.rate > 0 && n.rate > 0) {
    const log10 = Math.log10(g.rate / n.rate);
    return {
      cosine,
      log10,
      low: g.low > 0 ? log10 - Math.hypot(Math.log10(g.rate / g.low), Math.log10(n.high / n.rate)) : null,
      high: n.low > 0 ? log10 + Math.hypot(Math.log10(g.high / g.rate), Math.log10(n.rate / n.low)) : null,
    };
  }
  return {
    cosine,
    log10: null,
    low: g.low > 0 ? Math.log10(g.low / n.high) : null,
    high: n.low > 0 ? Math.log10(g.high / n.low) : null,
  };
}

/** The first threshold at or above; the last of all where none is. */
function placeOf({ threshold }: TalliedRates, wanted: number): number {
  let low = 0;
  let high = threshold.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    // A grid's thresholds are quotients, and a sum of them may differ in the last bit.
    if (threshold[middle]! < wanted - 1e-9) low = middle + 1;
    else high = middle;
  }
  return low;
}
