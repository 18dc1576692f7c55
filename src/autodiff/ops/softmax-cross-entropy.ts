import { expectThat } from "../shapes.ts";
import type { Value } from "../value.ts";
import { divide } from "./divide.ts";
import { logSoftmax } from "./log-softmax.ts";
import { maximum } from "./maximum.ts";
import { multiply } from "./multiply.ts";
import { negate } from "./negate.ts";
import { oneHot } from "./one-hot.ts";
import { reduceSum } from "./reduce-sum.ts";
import { stopGradient } from "./stop-gradient.ts";

/**
 * The mean surprise at the right class, over the rows that have one; 0 when none has.
 *
 * Formula   −mean log softmax(logits)[label]
 * Shapes    logits [N, C], labels [N] → []
 * Ranges    labels 0…C − 1; a row whose label is −1 does not count
 */
export function softmaxCrossEntropy(logits: Value, labels: Value): Value {
  const [rows, classes = 0] = logits.shape;
  expectThat(labels.shape[0] === rows, "softmax-cross-entropy", "a label per row", logits, labels);
  const own = oneHot(labels, classes);
  const count = maximum(reduceSum(own), 1);
  return negate(divide(reduceSum(multiply(logSoftmax(logits), own)), stopGradient(count)));
}
