import { elementCount } from "../../core/index.ts";
import type { Value } from "../value.ts";
import { reshape } from "./reshape.ts";

/** [N, …] → [N, everything else in row-major order]. */
export function flatten(x: Value): Value {
  const [rows = 1, ...rest] = x.shape;
  return reshape(x, [rows, elementCount(rest)]);
}
