import { binary, elementwise } from "../elementwise.ts";
import type { Operand, Value } from "../value.ts";

const LESS = elementwise<null>({
  name: "less",
  onnx: "Less",
  gives: "bool",
  compute: ([a = 0, b = 0]) => (a < b ? 1 : 0),
  gradient: () => [undefined, undefined],
});

/** Tells whether a < b, element by element: for {@link where}. */
export const less = (a: Operand, b: Operand): Value => binary(LESS, a, b);
