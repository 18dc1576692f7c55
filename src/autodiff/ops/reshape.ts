import { elementCount } from "../../core/index.ts";
import type { Operation } from "../operation.ts";
import { expectThat, sameShape } from "../shapes.ts";
import type { Value } from "../value.ts";

const RESHAPE: Operation<{ readonly shape: readonly number[] }> = {
  name: "reshape",
  result([x], { shape }) {
    const fits = elementCount(x!.shape) === elementCount(shape);
    expectThat(fits, "reshape", `as many elements as [${shape.join(", ")}]`, x!);
    return { shape, type: x!.type };
  },
  evaluate: ([x]) => x!,
  gradient: (y, dy) => [reshape(dy, y.inputs[0]!.shape)],
  plain: (emit, [x = ""], { shape }) => emit.reshape(x, shape),
};

/** The same elements in row-major order, under other axes. */
export function reshape(x: Value, shape: readonly number[]): Value {
  if (sameShape(x.shape, shape)) return x;
  // A view of a view is a view of the first.
  const of = x.operation === (RESHAPE as Operation) ? x.inputs[0]! : x;
  return sameShape(of.shape, shape) ? of : x.tape.apply(RESHAPE, [of], { shape });
}
