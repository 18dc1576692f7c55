import type { Weights } from "../../networks/index.ts";
import { CENTRES, type HeadConfig } from "../../train/heads/index.ts";

/**
 * A trained head's scores of features in use, where no margin is added: the logits of a plain softmax, cosines to the
 * class centres for every other head, to the nearest of several where a class has several.
 *
 * Shapes    features [N, D] → [N, classes]
 */
export function classScores(
  { head }: HeadConfig,
  weights: Weights,
  features: Float32Array,
  classes: number,
): Float32Array {
  const centres = weights.get(CENTRES)!;
  const [rows = 0, dimension = 0] = centres.shape;
  const values = centres.floats();
  const bias = weights.get("head.bias")?.floats();
  const lengths = Float32Array.from({ length: rows }, (_, row) =>
    head === "softmax" ? 1 : Math.hypot(...values.subarray(row * dimension, (row + 1) * dimension)),
  );
  const perClass = rows / classes;
  const count = features.length / dimension;
  const scores = new Float32Array(count * classes).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < count; i++) {
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let d = 0; d < dimension; d++) sum += features[i * dimension + d]! * values[row * dimension + d]!;
      const at = i * classes + Math.floor(row / perClass);
      // The feature's own length is the same for all classes.
      scores[at] = Math.max(scores[at]!, sum / lengths[row]! + (bias?.[row] ?? 0));
    }
  }
  return scores;
}
