import type { Value } from "../value.ts";
import { add } from "./add.ts";
import { matmul } from "./matmul.ts";

/**
 * A fully connected layer.
 *
 * Formula   x·Wᵀ + b
 * Shapes    x [N, in], weight [out, in], bias [out] → [N, out]
 */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  const y = matmul(x, weight, { transposeB: true });
  return bias ? add(y, bias) : y;
}
