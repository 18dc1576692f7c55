import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";
import { cos } from "./cos.ts";
import { multiply } from "./multiply.ts";

const SIN = elementwise<null>({
  name: "sin",
  onnx: "Sin",
  compute: ([x = 0]) => Math.sin(x),
  gradient: (y, dy) => [multiply(dy, cos(y.inputs[0]!))],
});

/** Sine of radians. */
export const sin = (x: Value): Value => unary(SIN, x, null);
