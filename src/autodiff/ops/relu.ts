import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";
import { gate } from "./gate.ts";

const RELU = elementwise<null>({
  name: "relu",
  onnx: "Relu",
  compute: ([x = 0]) => Math.max(x, 0),
  gradient: (y, dy) => [gate(dy, y)],
});

/**
 * max(x, 0).
 *
 * Gradient   0 at 0
 */
export const relu = (x: Value): Value => unary(RELU, x, null);
