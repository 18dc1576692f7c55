import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";
import { less } from "./less.ts";
import { negate } from "./negate.ts";
import { where } from "./where.ts";

const ABS = elementwise<null>({
  name: "abs",
  onnx: "Abs",
  compute: ([x = 0]) => Math.abs(x),
  gradient: (y, dy) => [where(less(y.inputs[0]!, 0), negate(dy), dy)],
});

/**
 * |x|.
 *
 * Gradient   1 at 0
 */
export const abs = (x: Value): Value => unary(ABS, x, null);
