import { elementwise } from "../elementwise.ts";
import { expectThat, sameShape } from "../shapes.ts";
import type { Value } from "../value.ts";

const STRAIGHT_THROUGH = elementwise<null>({
  name: "straight-through",
  compute: ([value = 0]) => value,
  gradient: (_y, dy) => [undefined, dy],
  plain: (_emit, [value = ""]) => value,
});

/** The value of the first, with gradients flowing to the second as if it had been returned. */
export function straightThrough(value: Value, gradientOf: Value): Value {
  expectThat(
    sameShape(value.shape, gradientOf.shape),
    "straight-through",
    "two of one shape",
    value,
    gradientOf,
  );
  return value.tape.apply(STRAIGHT_THROUGH, [value, gradientOf], null);
}
