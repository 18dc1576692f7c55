import type { Value } from "../value.ts";
import { multiply } from "./multiply.ts";
import { planeSum } from "./plane-sum.ts";

/** Each map's mean: [N, C, H, W] → [N, C, 1, 1]. */
export function globalAveragePool(x: Value): Value {
  const [, , height = 1, width = 1] = x.shape;
  return multiply(planeSum(x), 1 / (height * width));
}
