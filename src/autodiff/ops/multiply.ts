import { binary, elementwise } from "../elementwise.ts";
import { byPlane } from "../emit/by-plane.ts";
import { sameShape } from "../shapes.ts";
import { sumTo } from "../sum-to.ts";
import type { Operand, Value } from "../value.ts";
import { planeDot } from "./plane-dot.ts";

const MULTIPLY = elementwise<null>({
  name: "multiply",
  onnx: "Mul",
  compute: ([a = 0, b = 0]) => a * b,
  gradient(y, dy) {
    const [a, b] = y.inputs as [Value, Value];
    return [productTo(dy, b, a.shape), productTo(dy, a, b.shape)];
  },
  blocked: (emit, value) => byPlane(emit, value, "factor"),
});

/** a · b, operands broadcast. */
export const multiply = (a: Operand, b: Operand): Value => binary(MULTIPLY, a, b);

/** Σ dy·x over what was repeated: the gradient of a factor. */
export function productTo(dy: Value, x: Value, shape: readonly number[]): Value {
  const planes = dy.shape.length === 4 && sameShape(dy.shape, x.shape);
  const [n, c] = dy.shape;
  if (planes && !sameShape(shape, dy.shape) && sameShape(shape, [n!, c!, 1, 1])) return planeDot(dy, x);
  return sumTo(multiply(dy, x), shape);
}
