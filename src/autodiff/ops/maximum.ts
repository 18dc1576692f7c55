import { binary, elementwise } from "../elementwise.ts";
import { sumTo } from "../sum-to.ts";
import type { Operand, Value } from "../value.ts";
import { greater } from "./greater.ts";
import { where } from "./where.ts";

const MAXIMUM = elementwise<null>({
  name: "maximum",
  onnx: "Max",
  compute: ([a = 0, b = 0]) => Math.max(a, b),
  gradient(y, dy) {
    const [a, b] = y.inputs as [Value, Value];
    const first = greater(a, b);
    return [sumTo(where(first, dy, 0), a.shape), sumTo(where(first, 0, dy), b.shape)];
  },
});

/**
 * The larger of two, operands broadcast.
 *
 * Gradient   goes to `b` where they are equal
 */
export const maximum = (a: Operand, b: Operand): Value => binary(MAXIMUM, a, b);
