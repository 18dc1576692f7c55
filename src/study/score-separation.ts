import { areaUnderCurve, equalErrorRate, operatingPointsOf, scoreSpread } from "../statistics/index.ts";

/** The distance of the scores of one person's pairs from those of different people's. */
export interface ScoreSeparation {
  /** Chance that a genuine pair scores above an impostor pair, ties counting half; 0.5 is guessing. */
  readonly auc: number;
  /** Difference of the means over the root of the mean variance. */
  readonly dPrime: number;
  /** The error rate at the threshold where both kinds of error are equally frequent, and that threshold. */
  readonly equalErrorRate: number;
  readonly equalErrorThreshold: number;
  readonly genuineMean: number;
  readonly impostorMean: number;
}

/** Undefined without scores of both kinds. Leaves the arrays as they are. */
export function separateScores(genuine: Float32Array, impostor: Float32Array): ScoreSeparation | undefined {
  if (genuine.length === 0 || impostor.length === 0) return undefined;
  const points = operatingPointsOf(genuine, impostor);
  const spread = scoreSpread(points);
  const equal = equalErrorRate(points);
  return {
    auc: areaUnderCurve(points),
    dPrime: spread.dPrime,
    equalErrorRate: equal.rate,
    equalErrorThreshold: equal.threshold,
    genuineMean: spread.genuine.mean,
    impostorMean: spread.impostor.mean,
  };
}
