import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";
import { multiply } from "./multiply.ts";
import { negate } from "./negate.ts";
import { sin } from "./sin.ts";

const COS = elementwise<null>({
  name: "cos",
  onnx: "Cos",
  compute: ([x = 0]) => Math.cos(x),
  gradient: (y, dy) => [negate(multiply(dy, sin(y.inputs[0]!)))],
});

/** Cosine of radians. */
export const cos = (x: Value): Value => unary(COS, x, null);
