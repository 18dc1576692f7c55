import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";
import { divide } from "./divide.ts";
import { multiply } from "./multiply.ts";

const SQRT = elementwise<null>({
  name: "sqrt",
  onnx: "Sqrt",
  compute: ([x = 0]) => Math.sqrt(x),
  gradient: (y, dy) => [divide(multiply(dy, 0.5), y)],
});

/**
 * √x.
 *
 * Ranges    x at least 0; the gradient is infinite at 0
 */
export const sqrt = (x: Value): Value => unary(SQRT, x, null);
