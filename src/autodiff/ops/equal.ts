import { binary, elementwise } from "../elementwise.ts";
import type { Operand, Value } from "../value.ts";

const EQUAL = elementwise<null>({
  name: "equal",
  onnx: "Equal",
  gives: "bool",
  compute: ([a = 0, b = 0]) => (a === b ? 1 : 0),
  gradient: () => [undefined, undefined],
});

/** Tells whether a = b, element by element: for {@link where}. */
export const equal = (a: Operand, b: Operand): Value => binary(EQUAL, a, b);
