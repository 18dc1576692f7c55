import type { Value } from "../value.ts";
import { multiply } from "./multiply.ts";
import { axesWithin, type ReduceOptions, reduceSum } from "./reduce-sum.ts";

/** The mean over some axes; over all of them without `axes`. */
export function reduceMean(x: Value, axes?: readonly number[], options: ReduceOptions = {}): Value {
  const over = axesWithin("reduce-mean", x, axes);
  const count = over.reduce((product, axis) => product * x.shape[axis]!, 1);
  return multiply(reduceSum(x, over, options), 1 / count);
}
