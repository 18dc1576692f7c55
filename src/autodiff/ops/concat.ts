import { elementCount } from "../../core/index.ts";
import type { Operation } from "../operation.ts";
import { expectThat, float, forEachIndex, strides } from "../shapes.ts";
import type { Value } from "../value.ts";
import { slice } from "./slice.ts";

const CONCAT: Operation<{ readonly axis: number }> = {
  name: "concat",
  result(inputs, { axis }) {
    const [first] = inputs;
    const fits = inputs.every(({ shape, type }) => {
      return type === "float" && shape.every((size, i) => i === axis || size === first!.shape[i]);
    });
    expectThat(
      fits && axis in first!.shape,
      "concat",
      `floats that differ along axis ${axis} only`,
      ...inputs,
    );
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return float(first!.shape.map((size, i) => (i === axis ? total : size)));
  },
  evaluate(inputs, value, { axis }) {
    const y = new Float64Array(elementCount(value.shape));
    const steps = strides(value.shape);
    let start = 0;
    for (const [which, { shape }] of value.inputs.entries()) {
      forEachIndex(shape, (index, at) => {
        y[index.reduce((place, i, a) => place + (a === axis ? i + start : i) * steps[a]!, 0)] =
          inputs[which]![at]!;
      });
      start += shape[axis]!;
    }
    return y;
  },
  gradient(y, dy, { axis }) {
    let end = 0;
    return y.inputs.map(({ shape }) => {
      const start = end;
      end += shape[axis]!;
      return slice(dy, axis, start, end);
    });
  },
  plain: (emit, inputs, _value, { axis }) => emit.node("Concat", inputs, { axis }),
};

/** Values one after another along an axis. */
export const concat = (values: readonly Value[], axis: number): Value =>
  values[0]!.tape.apply(CONCAT, values, { axis });
