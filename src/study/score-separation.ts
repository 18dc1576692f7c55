/** How far the scores of one person's pairs lie from those of different people's. */
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
  const high = Float32Array.from(genuine).sort();
  const low = Float32Array.from(impostor).sort();
  let [below, notAbove, wins] = [0, 0, 0];
  let [equalErrorRate, equalErrorThreshold, gap] = [1, 0, Number.POSITIVE_INFINITY];
  high.forEach((score, i) => {
    while (below < low.length && low[below]! < score) below++;
    while (notAbove < low.length && low[notAbove]! <= score) notAbove++;
    wins += (below + notAbove) / 2;
    const falseNonMatch = i / high.length;
    const falseMatch = (low.length - below) / low.length;
    if (Math.abs(falseMatch - falseNonMatch) < gap) {
      gap = Math.abs(falseMatch - falseNonMatch);
      equalErrorRate = (falseMatch + falseNonMatch) / 2;
      equalErrorThreshold = score;
    }
  });
  const [g, n] = [moments(high), moments(low)];
  return {
    auc: wins / (high.length * low.length),
    dPrime: (g.mean - n.mean) / Math.sqrt((g.variance + n.variance) / 2),
    equalErrorRate,
    equalErrorThreshold,
    genuineMean: g.mean,
    impostorMean: n.mean,
  };
}

function moments(values: Float32Array): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}
