import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";

const NEGATE = elementwise<null>({
  name: "negate",
  onnx: "Neg",
  compute: ([x = 0]) => -x,
  gradient: (_y, dy) => [negate(dy)],
});

/** −x. */
export const negate = (x: Value): Value => unary(NEGATE, x, null);
