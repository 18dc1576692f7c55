import { elementCount } from "../../core/index.ts";
import { overBatch } from "../emit/blocked-sums.ts";
import type { Operation } from "../operation.ts";
import { broadcastIndices, expectThat, float } from "../shapes.ts";
import type { Value } from "../value.ts";
import { reshape } from "./reshape.ts";

interface Axes {
  readonly axes: readonly number[];
}

const REDUCE_SUM: Operation<Axes> = {
  name: "reduce-sum",
  result([x], { axes }) {
    expectThat(x!.type === "float", "reduce-sum", "floats", x!);
    return float(withOnes(x!.shape, axes));
  },
  evaluate([x], value) {
    const y = new Float64Array(elementCount(value.shape));
    const places = broadcastIndices(value.shape, value.inputs[0]!.shape);
    for (const [at, place] of places.entries()) y[place] = y[place]! + x![at]!;
    return y;
  },
  // The same along the summed axes: whoever takes it repeats it.
  gradient: (_y, dy) => [dy],
  plain: (emit, [x = ""], _value, { axes }) => emit.node("ReduceSum", [x, emit.ints(axes)], { keepdims: 1 }),
  blocked(emit, value, { axes }) {
    const [x] = value.inputs;
    const [n = 0, c = 0, ...map] = x!.shape;
    const channels = x!.shape.length === 4 && axes.join() === "0,2,3" && map.every((size) => size === 1);
    if (channels) return emit.inRows(emit.reshape(overBatch(emit, emit.plain(x!), [n, c]), value.shape));
    // A sum over everything does not ask in which order things lie.
    if (axes.length < x!.shape.length) return undefined;
    return emit.inRows(emit.node("ReduceSum", [emit.as(x!).name, emit.ints(axes)], { keepdims: 1 }));
  },
};

/** Options of every reduction. */
export interface ReduceOptions {
  /** True if summed axes stay, with size 1. @default false */
  readonly keep?: boolean;
}

/** Σ over some axes; over all of them without `axes`. */
export function reduceSum(x: Value, axes?: readonly number[], options: ReduceOptions = {}): Value {
  const over = axesWithin("reduce-sum", x, axes);
  if (over.every((axis) => x.shape[axis] === 1)) return finished(x, over, options);
  return finished(x.tape.apply(REDUCE_SUM, [x], { axes: over }), over, options);
}

/** Axes in ascending order, all of them by default. Throws FaceError SHAPE when one is not there. */
export function axesWithin(where: string, x: Value, axes?: readonly number[]): readonly number[] {
  const over = axes ? [...new Set(axes)].sort((a, b) => a - b) : [...x.shape.keys()];
  expectThat(
    over.every((axis) => axis >= 0 && axis < x.shape.length),
    where,
    `axes ${over.join(", ")}`,
    x,
  );
  return over;
}

/** A shape whose reduced axes have size 1. */
export function withOnes(shape: readonly number[], axes: readonly number[]): readonly number[] {
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

/** Drops the reduced axes unless they are to be kept. */
export function finished(y: Value, axes: readonly number[], { keep = false }: ReduceOptions): Value {
  if (keep) return y;
  return reshape(
    y,
    y.shape.filter((_, axis) => !axes.includes(axis)),
  );
}
