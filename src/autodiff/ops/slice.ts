import { elementCount } from "../../core/index.ts";
import type { Operation } from "../operation.ts";
import { expectThat, forEachIndex, strides } from "../shapes.ts";
import type { Value } from "../value.ts";
import { pad } from "./pad.ts";

interface Range {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

const SLICE: Operation<Range> = {
  name: "slice",
  result([x], { axis, start, end }) {
    const inside = Number.isInteger(start) && start >= 0 && start < end && end <= (x!.shape[axis] ?? 0);
    expectThat(inside, "slice", `elements ${start} to ${end} of axis ${axis}`, x!);
    return { shape: x!.shape.map((size, i) => (i === axis ? end - start : size)), type: x!.type };
  },
  evaluate([x], value, { axis, start }) {
    const steps = strides(value.inputs[0]!.shape);
    const y = new Float64Array(elementCount(value.shape));
    forEachIndex(value.shape, (index, at) => {
      y[at] = x![index.reduce((place, i, a) => place + (a === axis ? i + start : i) * steps[a]!, 0)]!;
    });
    return y;
  },
  gradient: (y, dy, { axis, start, end }) => [pad(dy, axis, start, y.inputs[0]!.shape[axis]! - end)],
  plain: (emit, [x = ""], _value, { axis, start, end }) =>
    emit.node("Slice", [x, emit.ints([start]), emit.ints([end]), emit.ints([axis])]),
};

/** Elements `start` up to but not `end` of one axis. */
export const slice = (x: Value, axis: number, start: number, end: number): Value =>
  x.tape.apply(SLICE, [x], { axis, start, end });
