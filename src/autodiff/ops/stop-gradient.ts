import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";

const STOP_GRADIENT = elementwise<null>({
  name: "stop-gradient",
  compute: ([x = 0]) => x,
  gradient: () => [undefined],
  plain: (_emit, [x = ""]) => x,
});

/** The same value, through which no gradient flows. */
export const stopGradient = (x: Value): Value => unary(STOP_GRADIENT, x, null);
