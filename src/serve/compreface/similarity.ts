/**
 * A score as CompreFace's clients expect it, 0…1: rises with the cosine, and 0.5 is the threshold. It is no probability;
 * the verdict and the cosine stand beside it.
 *
 * Formula   ½ · (s + 1) / (t + 1) below the threshold t, ½ + ½ · (s − t) / (1 − t) above
 */
export function similarityOf(score: number, threshold: number): number {
  const value =
    score < threshold
      ? (0.5 * (score + 1)) / (threshold + 1)
      : 0.5 + (0.5 * (score - threshold)) / Math.max(1e-9, 1 - threshold);
  return Math.min(1, Math.max(0, value));
}
