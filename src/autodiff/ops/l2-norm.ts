import type { Value } from "../value.ts";
import { clamp } from "./clamp.ts";
import { multiply } from "./multiply.ts";
import { reduceSum } from "./reduce-sum.ts";
import { sqrt } from "./sqrt.ts";

/**
 * The length of each row.
 *
 * Shapes    [N, D] → [N, 1]
 * Ranges    at least 1e-12, so that one can divide by it; no gradient flows to shorter rows
 */
export const l2Norm = (x: Value): Value =>
  sqrt(clamp(reduceSum(multiply(x, x), [1], { keep: true }), 1e-24, 3e38));
