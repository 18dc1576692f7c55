import type { Value } from "../value.ts";
import { divide } from "./divide.ts";
import { l2Norm } from "./l2-norm.ts";

/**
 * Rows brought to length 1; a row of zeros stays one, and no gradient flows to it.
 *
 * Shapes    [N, D] → [N, D]
 */
export const l2Normalize = (x: Value): Value => divide(x, l2Norm(x));
