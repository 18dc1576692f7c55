import type { Value } from "../value.ts";
import { planeSum } from "./plane-sum.ts";
import { reduceSum } from "./reduce-sum.ts";

/** Each channel's sum over batch and map: [N, C, H, W] → [C]. */
export const channelSum = (x: Value): Value => reduceSum(planeSum(x), [0, 2, 3]);
