import { reduceSum } from "./ops/reduce-sum.ts";
import { reshape } from "./ops/reshape.ts";
import { sameShape } from "./shapes.ts";
import type { Value } from "./value.ts";

/**
 * The gradient of an operand that was repeated: summed up over the repetitions.
 *
 * A gradient smaller than `shape` passes: it is the same along the axes it lacks.
 */
export function sumTo(dy: Value, shape: readonly number[]): Value {
  if (sameShape(dy.shape, shape)) return dy;
  const pad = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((size, axis) =>
    axis < pad || (shape[axis - pad] === 1 && size !== 1) ? [axis] : [],
  );
  const summed = axes.length === 0 ? dy : reduceSum(dy, axes, { keep: true });
  return reshape(summed, shape);
}
