import { greater, multiply, oneHot, reduceSum, type Value, where } from "../../autodiff/index.ts";

/** Picks each row's own class out of a matrix over all classes, and puts something else there. */
export interface OwnClass {
  /** Shapes [N, C] → [N, 1]; 0 in rows without a label. */
  pick(values: Value): Value;
  /** Shapes values [N, C], target [N, 1] → [N, C]; rows without a label stay as they are. */
  replace(values: Value, target: Value): Value;
}

/** @param labels [N]; −1 where a row has no class of its own */
export function ownClass(labels: Value, classes: number): OwnClass {
  const own = oneHot(labels, classes);
  return {
    pick: (values) => reduceSum(multiply(values, own), [1], { keep: true }),
    replace: (values, target) => where(greater(own, 0.5), target, values),
  };
}
