import { elementCount } from "../../core/index.ts";
import type { Operation } from "../operation.ts";
import { broadcastIndices, expectThat, float } from "../shapes.ts";
import type { Value } from "../value.ts";
import { divide } from "./divide.ts";
import { equal } from "./equal.ts";
import { multiply } from "./multiply.ts";
import { axesWithin, finished, type ReduceOptions, reduceSum, withOnes } from "./reduce-sum.ts";
import { where } from "./where.ts";

const REDUCE_MAX: Operation<{ readonly axes: readonly number[] }> = {
  name: "reduce-max",
  result([x], { axes }) {
    expectThat(x!.type === "float", "reduce-max", "floats", x!);
    return float(withOnes(x!.shape, axes));
  },
  evaluate([x], value) {
    const y = new Float64Array(elementCount(value.shape)).fill(Number.NEGATIVE_INFINITY);
    const places = broadcastIndices(value.shape, value.inputs[0]!.shape);
    for (const [at, place] of places.entries()) y[place] = Math.max(y[place]!, x![at]!);
    return y;
  },
  gradient(y, dy, { axes }) {
    const [x] = y.inputs;
    const largest = where(equal(x!, y), 1, 0);
    return [multiply(largest, divide(dy, reduceSum(largest, axes, { keep: true })))];
  },
  plain: (emit, [x = ""], _value, { axes }) => emit.node("ReduceMax", [x, emit.ints(axes)], { keepdims: 1 }),
};

/**
 * The largest over some axes; over all of them without `axes`.
 *
 * Gradient   to the largest element, in equal shares where several are
 */
export function reduceMax(x: Value, axes?: readonly number[], options: ReduceOptions = {}): Value {
  const over = axesWithin("reduce-max", x, axes);
  return finished(x.tape.apply(REDUCE_MAX, [x], { axes: over }), over, options);
}
