import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";
import { divide } from "./divide.ts";

const LOG = elementwise<null>({
  name: "log",
  onnx: "Log",
  compute: ([x = 0]) => Math.log(x),
  gradient: (y, dy) => [divide(dy, y.inputs[0]!)],
});

/**
 * Natural logarithm.
 *
 * Ranges    x above 0
 */
export const log = (x: Value): Value => unary(LOG, x, null);
