import { binary, elementwise } from "../elementwise.ts";
import { sumTo } from "../sum-to.ts";
import type { Operand, Value } from "../value.ts";
import { less } from "./less.ts";
import { where } from "./where.ts";

const MINIMUM = elementwise<null>({
  name: "minimum",
  onnx: "Min",
  compute: ([a = 0, b = 0]) => Math.min(a, b),
  gradient(y, dy) {
    const [a, b] = y.inputs as [Value, Value];
    const first = less(a, b);
    return [sumTo(where(first, dy, 0), a.shape), sumTo(where(first, 0, dy), b.shape)];
  },
});

/**
 * The smaller of two, operands broadcast.
 *
 * Gradient   goes to `b` where they are equal
 */
export const minimum = (a: Operand, b: Operand): Value => binary(MINIMUM, a, b);
