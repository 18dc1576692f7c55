import { cosine, throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import { acceptedShare, PairTally, type RateInterval } from "../statistics/index.ts";
import { codeOf, tallyGrid } from "./tally-people.ts";

/** Shares of the other people, the nearest, among whom false matches are counted. */
const NEAREST = [0.1, 0.01] as const;
/** Of fewer people with two pictures the nearest hundredth is nobody. */
const ENOUGH_PEOPLE = 200;

/** False match rates among the pairs of people who look most alike. */
export interface LookAlikeRates {
  /** Share of the other people that counts as look-alikes: the nearest. */
  readonly nearest: number;
  /** Pairs of people that were compared. */
  readonly pairs: number;
  readonly fmr: (threshold: number) => RateInterval;
}

/**
 * The frequency with which people match falsely who look alike. Who looks alike is told by other pictures than those that are compared:
 * of everybody with two pictures, the first choose the look-alikes (two people are such when one is among the nearest of the
 * other), the second are scored. So a pair is not among the look-alikes because of the very score that is counted.
 *
 * @param faces of each person; only the first two count
 * Returns   a curve for the nearest tenth and one for the nearest hundredth; none of fewer than 200 people
 * Throws    FaceError ABORTED
 */
export function tallyLookAlikes(
  faces: readonly (readonly UnitVector[])[],
  aliases: readonly (readonly [number, number])[],
  options: WorkOptions = {},
): LookAlikeRates[] {
  const people = faces.length;
  const leftOut = new Set(aliases.map(([a, b]) => codeOf(a, b, people)));
  const [chosen, scored]: [UnitVector[], UnitVector[]] = [[], []];
  const who: number[] = [];
  for (const [person, [first, second]] of faces.entries()) {
    if (!first || !second) continue;
    who.push(person);
    chosen.push(first);
    scored.push(second);
  }
  const n = who.length;
  if (n < ENOUGH_PEOPLE) return [];
  const grid = tallyGrid(n);
  const tallies = NEAREST.map(() => new PairTally(grid, n));
  const likeness = new Float32Array(n * n).fill(-2);
  for (let a = 0; a < n; a++) {
    throwIfAborted(options.signal);
    for (let b = a + 1; b < n; b++) {
      if (leftOut.has(codeOf(who[a]!, who[b]!, people))) continue;
      likeness[a * n + b] = likeness[b * n + a] = cosine(chosen[a]!, chosen[b]!);
    }
  }
  const limits = NEAREST.map((share) => {
    const place = Math.max(0, Math.round(share * (n - 1)) - 1);
    return Array.from(
      { length: n },
      (_, a) =>
        likeness
          .slice(a * n, (a + 1) * n)
          .sort()
          .at(-1 - place)!,
    );
  });
  for (let a = 0; a < n; a++) {
    throwIfAborted(options.signal);
    for (let b = a + 1; b < n; b++) {
      const alike = likeness[a * n + b]!;
      let score: Float64Array | undefined;
      for (const [k, limit] of limits.entries()) {
        if (alike < -1.5 || (alike < limit[a]! && alike < limit[b]!)) continue;
        score ??= Float64Array.of(cosine(scored[a]!, scored[b]!));
        tallies[k]!.add(a, b, score);
      }
    }
  }
  return tallies.map((tally, k) => {
    const rates = tally.rates();
    return {
      nearest: NEAREST[k]!,
      pairs: rates.pairs,
      fmr: (threshold) => acceptedShare(rates, placeOf(grid, threshold)),
    };
  });
}

/** The last threshold at or below, whose rate is no less. */
function placeOf(grid: Float64Array, threshold: number): number {
  let place = 0;
  while (place + 1 < grid.length && grid[place + 1]! <= threshold + 1e-9) place++;
  return place;
}
