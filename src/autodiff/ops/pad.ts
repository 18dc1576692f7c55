import { elementCount } from "../../core/index.ts";
import type { Operation } from "../operation.ts";
import { expectThat, float, forEachIndex, strides } from "../shapes.ts";
import type { Value } from "../value.ts";
import { slice } from "./slice.ts";

interface Padding {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

const PAD: Operation<Padding> = {
  name: "pad",
  result([x], { axis, before, after }) {
    const fits = axis in x!.shape && before >= 0 && after >= 0 && x!.type === "float";
    expectThat(fits, "pad", `floats with an axis ${axis} and no negative padding`, x!);
    return float(x!.shape.map((size, i) => (i === axis ? before + size + after : size)));
  },
  evaluate([x], value, { axis, before }) {
    const steps = strides(value.shape);
    const y = new Float64Array(elementCount(value.shape));
    forEachIndex(value.inputs[0]!.shape, (index, at) => {
      y[index.reduce((place, i, a) => place + (a === axis ? i + before : i) * steps[a]!, 0)] = x![at]!;
    });
    return y;
  },
  gradient: (y, dy, { axis, before }) => [slice(dy, axis, before, before + y.inputs[0]!.shape[axis]!)],
  plain(emit, [x = ""], { shape }, { axis, before, after }) {
    const amounts = [before, after].flatMap((n) => shape.map((_, i) => (i === axis ? n : 0)));
    return emit.node("Pad", [x, emit.ints(amounts)]);
  },
};

/** Zeros put before and after the elements of one axis. */
export const pad = (x: Value, axis: number, before: number, after: number): Value =>
  before === 0 && after === 0 ? x : x.tape.apply(PAD, [x], { axis, before, after });
