import { elementwise, unary } from "../elementwise.ts";
import type { Value } from "../value.ts";
import { divide } from "./divide.ts";
import { multiply } from "./multiply.ts";
import { negate } from "./negate.ts";
import { sqrt } from "./sqrt.ts";
import { subtract } from "./subtract.ts";

const ACOS = elementwise<null>({
  name: "acos",
  onnx: "Acos",
  compute: ([x = 0]) => Math.acos(x),
  gradient(y, dy) {
    const x = y.inputs[0]!;
    return [negate(divide(dy, sqrt(subtract(1, multiply(x, x)))))];
  },
});

/**
 * The angle of a cosine, in radians.
 *
 * Ranges    x in [−1, 1]; the gradient −1/√(1 − x²) is infinite at both ends: clamp first
 */
export const acos = (x: Value): Value => unary(ACOS, x, null);
