import { binary, elementwise } from "../elementwise.ts";
import type { Operand, Value } from "../value.ts";

const GREATER = elementwise<null>({
  name: "greater",
  onnx: "Greater",
  gives: "bool",
  compute: ([a = 0, b = 0]) => (a > b ? 1 : 0),
  gradient: () => [undefined, undefined],
});

/** Tells whether a > b, element by element: for {@link where}. */
export const greater = (a: Operand, b: Operand): Value => binary(GREATER, a, b);
