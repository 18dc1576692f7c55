import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";
import { multiply } from "./multiply.ts";

const EXP = elementwise<null>({
  name: "exp",
  onnx: "Exp",
  compute: ([x = 0]) => Math.exp(x),
  gradient: (y, dy) => [multiply(dy, y)],
});

/** eˣ. */
export const exp = (x: Value): Value => unary(EXP, x, null);
