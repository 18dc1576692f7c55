import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";

const FLOOR = elementwise<null>({
  name: "floor",
  onnx: "Floor",
  compute: ([x = 0]) => Math.floor(x),
  gradient: () => [undefined],
});

/** The next whole number below. No gradient flows through it. */
export const floor = (x: Value): Value => unary(FLOOR, x, null);
