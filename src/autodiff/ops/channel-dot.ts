import type { Value } from "../value.ts";
import { planeDot } from "./plane-dot.ts";
import { reduceSum } from "./reduce-sum.ts";

/** Each channel's inner product over batch and map: two [N, C, H, W] → [C]. */
export const channelDot = (x: Value, y: Value): Value => reduceSum(planeDot(x, y), [0, 2, 3]);
