import type { Operation } from "../operation.ts";
import { expectThat, forEachIndex, strides } from "../shapes.ts";
import type { Value } from "../value.ts";

const TRANSPOSE: Operation<{ readonly axes: readonly number[] }> = {
  name: "transpose",
  result([x], { axes }) {
    const { length } = x!.shape;
    const complete = axes.length === length && new Set(axes).size === length;
    expectThat(
      complete && axes.every((axis) => axis >= 0 && axis < length),
      "transpose",
      "each axis once",
      x!,
    );
    return { shape: axes.map((axis) => x!.shape[axis]!), type: x!.type };
  },
  evaluate([x], value, { axes }) {
    const steps = strides(value.inputs[0]!.shape);
    const y = new Float64Array(x!.length);
    forEachIndex(value.shape, (index, at) => {
      y[at] = x![axes.reduce((place, axis, i) => place + index[i]! * steps[axis]!, 0)]!;
    });
    return y;
  },
  gradient: (_y, dy, { axes }) => [
    transpose(
      dy,
      axes.map((_, axis) => axes.indexOf(axis)),
    ),
  ],
  plain: (emit, inputs, _value, { axes }) => emit.node("Transpose", inputs, { perm: axes }),
};

/** Axis i of the result is axis `axes[i]` of x. */
export const transpose = (x: Value, axes: readonly number[]): Value => x.tape.apply(TRANSPOSE, [x], { axes });
