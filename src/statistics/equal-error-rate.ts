import { expectBothKinds, type OperatingPoints } from "./operating-points.ts";

/** The point at which as many impostors are accepted as genuine pairs are rejected, each by share. */
export interface EqualErrorRate {
  readonly rate: number;
  /** The threshold of the table whose two rates lie nearest to it. */
  readonly threshold: number;
}

/**
 * The equal error rate: FMR = FNMR on the ROC curve, which is taken as straight between two neighbouring thresholds.
 *
 * Throws    FaceError USAGE without genuine or without impostor pairs
 */
export function equalErrorRate(points: OperatingPoints): EqualErrorRate {
  expectBothKinds("EER", points);
  const { threshold, genuine, impostor, genuinePairs, impostorPairs } = points;
  // FMR − FNMR rises from −1 to 1 along the table.
  const excess = (p: number): number =>
    p < 0 ? -1 : impostor[p]! / impostorPairs + genuine[p]! / genuinePairs - 1;
  let low = -1;
  let high = threshold.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (excess(middle) >= 0) high = middle;
    else low = middle;
  }
  const share = -excess(low) / (excess(high) - excess(low));
  const fmrLow = low < 0 ? 0 : impostor[low]! / impostorPairs;
  const fmrHigh = impostor[high]! / impostorPairs;
  return {
    rate: fmrLow + share * (fmrHigh - fmrLow),
    threshold: threshold[share > 0.5 || low < 0 ? high : low]!,
  };
}
