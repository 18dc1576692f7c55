import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";
import { multiply } from "./multiply.ts";
import { subtract } from "./subtract.ts";

const SIGMOID = elementwise<null>({
  name: "sigmoid",
  onnx: "Sigmoid",
  compute: ([x = 0]) => 1 / (1 + Math.exp(-x)),
  gradient: (y, dy) => [multiply(dy, multiply(y, subtract(1, y)))],
});

/** 1 / (1 + e⁻ˣ). */
export const sigmoid = (x: Value): Value => unary(SIGMOID, x, null);
