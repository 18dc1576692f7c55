import { FaceError } from "../core/index.ts";
import type { IdentifiedScores } from "./identified-scores.ts";
import { PairTally, type TalliedRates } from "./pair-tally.ts";
import { acceptedShare, rejectedShare } from "./rate-by-people.ts";
import type { RateInterval } from "./rate-interval.ts";

/** Genuine and impostor pairs counted at thresholds, by the people in them. */
export interface TalliedScores {
  readonly genuine: TalliedRates;
  readonly impostor: TalliedRates;
}

/** Pairs from either end of each kind at whose score thresholds are added: the spread of rare events is learnt there. */
const RANK = 30;

/**
 * Counts a list of pairs at thresholds, and at some more that intervals need.
 *
 * @param thresholds any order
 * Throws    FaceError USAGE for a pair whose people contradict its label
 */
export function tallyScores(pairs: IdentifiedScores, thresholds: readonly number[]): TalliedScores {
  const { scores, same, a, b, people } = pairs;
  for (let i = 0; i < scores.length; i++) {
    if (a[i]! < people && b[i]! < people && (same[i] === 1) === (a[i] === b[i])) continue;
    throw new FaceError("USAGE", {
      where: "tally",
      expected: `people below ${people}, one person in a genuine and two in an impostor pair`,
      got: `${a[i]} and ${b[i]} in pair ${i}`,
    });
  }
  const kinds = [1, 0].map((kind) => scores.filter((_, i) => same[i] === kind).sort());
  const ends = kinds.flatMap((own) =>
    [RANK, own.length >> 1, own.length - RANK].flatMap((place) => own[place] ?? []),
  );
  const rising = Float64Array.from(new Set([...thresholds, ...ends].filter(Number.isFinite))).sort();
  const [genuine, impostor] = [new PairTally(rising, people), new PairTally(rising, people)];
  eachTwoPeople(pairs, (x, y, own) => (x === y ? genuine : impostor).add(x, y, own));
  return { genuine: genuine.rates(), impostor: impostor.rates() };
}

/** The share of impostor pairs at or above a threshold that was tallied. */
export function falseMatchRate({ impostor }: TalliedScores, threshold: number): RateInterval {
  return acceptedShare(impostor, indexOf(impostor, threshold));
}

/** The share of genuine pairs below a threshold that was tallied. */
export function falseNonMatchRate({ genuine }: TalliedScores, threshold: number): RateInterval {
  return rejectedShare(genuine, indexOf(genuine, threshold));
}

/** Gives the scores of all pairs of each two people, and of each person's own pairs, at once. */
export function eachTwoPeople(
  { scores, a, b, people }: Pick<IdentifiedScores, "scores" | "a" | "b" | "people">,
  take: (a: number, b: number, scores: Float64Array) => void,
): void {
  const low = (i: number): number => Math.min(a[i]!, b[i]!);
  const high = (i: number): number => Math.max(a[i]!, b[i]!);
  const order = sortedBy(
    low,
    people,
    sortedBy(
      high,
      people,
      Uint32Array.from(scores, (_, i) => i),
    ),
  );
  for (let start = 0; start < order.length; ) {
    const [x, y] = [low(order[start]!), high(order[start]!)];
    let end = start + 1;
    while (end < order.length && low(order[end]!) === x && high(order[end]!) === y) end++;
    take(
      x,
      y,
      Float64Array.from(order.subarray(start, end), (i) => scores[i]!),
    );
    start = end;
  }
}

/** A stable counting sort. */
function sortedBy(key: (item: number) => number, keys: number, items: Uint32Array): Uint32Array {
  const starts = new Uint32Array(keys + 1);
  for (const item of items) starts[key(item) + 1]!++;
  for (let k = 0; k < keys; k++) starts[k + 1]! += starts[k]!;
  const sorted = new Uint32Array(items.length);
  for (const item of items) sorted[starts[key(item)]!++] = item;
  return sorted;
}

function indexOf({ threshold }: TalliedRates, wanted: number): number {
  let low = 0;
  let high = threshold.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (threshold[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  if (threshold[low] === wanted) return low;
  throw new FaceError("USAGE", { where: "tally", expected: "a threshold that was counted at", got: wanted });
}
