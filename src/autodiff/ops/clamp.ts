import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";
import { equal } from "./equal.ts";
import { where } from "./where.ts";

interface Bounds {
  readonly low: number;
  readonly high: number;
}

const CLAMP = elementwise<Bounds>({
  name: "clamp",
  compute: ([x = 0], { low, high }) => Math.min(Math.max(x, low), high),
  gradient: (y, dy) => [where(equal(y, y.inputs[0]!), dy, 0)],
  plain: (emit, [x = ""], _value, { low, high }) =>
    emit.node("Clip", [x, emit.scalar(low), emit.scalar(high)]),
});

/**
 * x held within [low, high].
 *
 * Gradient   flows inside and on the bounds, not outside
 */
export const clamp = (x: Value, low: number, high: number): Value => unary(CLAMP, x, { low, high });
