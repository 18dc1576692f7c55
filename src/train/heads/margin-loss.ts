import { multiply, type Operand, softmaxCrossEntropy, type Value } from "../../autodiff/index.ts";
import type { HeadInput, HeadOutput } from "./head.ts";
import { ownClass } from "./own-class.ts";

/**
 * The common form of all heads with a margin: in each row the own class's cosine makes way for a target, everything is
 * scaled, and the cross-entropy is taken.
 *
 * Formula   logits = s · (target for the own class, cos θ for the others)
 * @param target of the own classes' cosines, [N, 1] → [N, 1]
 * @param scale a number, or one per row [N, 1]
 */
export function marginLoss(
  { labels }: HeadInput,
  cosines: Value,
  scale: Operand,
  target: (ownCosine: Value) => Value,
): HeadOutput {
  const own = ownClass(labels, cosines.shape[1]!);
  const logits = multiply(own.replace(cosines, target(own.pick(cosines))), scale);
  return { loss: softmaxCrossEntropy(logits, labels), logits, cosines };
}
