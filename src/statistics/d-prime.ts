import type { OperatingPoints } from "./operating-points.ts";

/** Mean and variance of the scores of one kind of pairs; the variance divided by their number. */
export interface ScoreMoments {
  readonly mean: number;
  readonly variance: number;
}

/** Means and variances of genuine and impostor scores, and how far apart they lie. */
export interface ScoreSpread {
  readonly genuine: ScoreMoments;
  readonly impostor: ScoreMoments;
  /** Difference of the means over the root of the mean variance; NaN without pairs of both kinds. */
  readonly dPrime: number;
}

/**
 * The means and variances of both kinds of scores and their d′.
 *
 * Formula   d′ = (μ_g − μ_i) / √((σ_g² + σ_i²)/2)
 */
export function scoreSpread({ threshold, genuine, impostor }: OperatingPoints): ScoreSpread {
  const g = moments(threshold, genuine);
  const n = moments(threshold, impostor);
  return {
    genuine: g,
    impostor: n,
    dPrime: (g.mean - n.mean) / Math.sqrt((g.variance + n.variance) / 2),
  };
}

/** @param upTo pairs that score at least each threshold */
function moments(threshold: Float64Array, upTo: Float64Array | Uint32Array): ScoreMoments {
  const count = upTo[upTo.length - 1] ?? 0;
  const sumOf = (term: (score: number) => number): number => {
    let sum = 0;
    for (let p = 0; p < threshold.length; p++)
      sum += (upTo[p]! - (p === 0 ? 0 : upTo[p - 1]!)) * term(threshold[p]!);
    return sum / count;
  };
  const mean = sumOf((score) => score);
  return { mean, variance: sumOf((score) => (score - mean) ** 2) };
}
