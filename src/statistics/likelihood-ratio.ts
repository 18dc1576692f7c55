import type { OperatingPoints } from "./operating-points.ts";

/** A stretch of scores that all say the same. */
export interface LikelihoodStep {
  /** The lowest score of the stretch; it goes on to the next one's. */
  readonly from: number;
  /** log₁₀ of how much more often such a score comes from one person than from two. */
  readonly log10: number;
}

/**
 * How much a score speaks for one person against two: the likelihood ratio, rising with the score.
 *
 * Isotonic: the rising function that fits the labels best, which assumes nothing but that a higher score never says
 * less. One made-up genuine pair below all scores and one impostor pair above all keep the ends finite: n pairs cannot
 * show more than about n to 1.
 *
 * Returns   steps by rising score; below the first step's score its ratio holds too
 * Source    Brümmer and du Preez, "The PAV algorithm optimizes binary proper scoring rules", 2013
 */
export function likelihoodRatios(points: OperatingPoints): LikelihoodStep[] {
  const { threshold, genuine, impostor, genuinePairs, impostorPairs } = points;
  // Stretches of scores so far, each with its genuine pairs and all its pairs.
  const from: number[] = [Number.NEGATIVE_INFINITY];
  const of: number[] = [1];
  const all: number[] = [1];
  const push = (start: number, ownGenuine: number, own: number): void => {
    let [g, pairs, first] = [ownGenuine, own, start];
    // A stretch that does not rise above the one before is one with it.
    for (let last = of.length - 1; last >= 0 && of[last]! * pairs >= g * all[last]!; last--) {
      g += of.pop()!;
      pairs += all.pop()!;
      first = from.pop()!;
    }
    from.push(first);
    of.push(g);
    all.push(pairs);
  };
  for (let p = threshold.length - 1; p >= 0; p--) {
    const g = genuine[p]! - (p === 0 ? 0 : genuine[p - 1]!);
    const n = impostor[p]! - (p === 0 ? 0 : impostor[p - 1]!);
    push(threshold[p]!, g, g + n);
  }
  push(Number.POSITIVE_INFINITY, 0, 1);
  const prior = (genuinePairs + 1) / (impostorPairs + 1);
  const lowest = threshold[threshold.length - 1] ?? Number.NaN;
  return from.map((start, i) => ({
    from: Math.max(start, lowest),
    log10: Math.log10(of[i]! / (all[i]! - of[i]!) / prior),
  }));
}

/** What a score says by such a table; 0 is nothing at all. */
export function log10LikelihoodRatio(steps: readonly LikelihoodStep[], score: number): number {
  let found = steps[0]!.log10;
  for (const { from, log10 } of steps) {
    if (from > score) break;
    found = log10;
  }
  return found;
}
