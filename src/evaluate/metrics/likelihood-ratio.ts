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
  const blocks: { from: number; genuine: number; pairs: number }[] = [
    { from: Number.NEGATIVE_INFINITY, genuine: 1, pairs: 1 },
  ];
  const push = (from: number, genuine: number, pairs: number): void => {
    blocks.push({ from, genuine, pairs });
    // A block that does not rise above the one before is one with it.
    for (let last = blocks.length - 1; last > 0; last--) {
      const [low, high] = [blocks[last - 1]!, blocks[last]!];
      if (low.genuine * high.pairs < high.genuine * low.pairs) return;
      blocks.length = last;
      blocks[last - 1] = {
        from: low.from,
        genuine: low.genuine + high.genuine,
        pairs: low.pairs + high.pairs,
      };
    }
  };
  for (let p = threshold.length - 1; p >= 0; p--) {
    const g = genuine[p]! - (p === 0 ? 0 : genuine[p - 1]!);
    const n = impostor[p]! - (p === 0 ? 0 : impostor[p - 1]!);
    push(threshold[p]!, g, g + n);
  }
  push(Number.POSITIVE_INFINITY, 0, 1);
  const prior = (genuinePairs + 1) / (impostorPairs + 1);
  const lowest = threshold[threshold.length - 1] ?? Number.NaN;
  return blocks.map(({ from, genuine, pairs }) => ({
    from: Math.max(from, lowest),
    log10: Math.log10(genuine / (pairs - genuine) / prior),
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
