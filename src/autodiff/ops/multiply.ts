import { binary, elementwise, productTo } from "../elementwise.ts";
import type { Operand, Value } from "../value.ts";

const MULTIPLY = elementwise<null>({
  name: "multiply",
  onnx: "Mul",
  compute: ([a = 0, b = 0]) => a * b,
  gradient(y, dy) {
    const [a, b] = y.inputs as [Value, Value];
    return [productTo(dy, b, a.shape), productTo(dy, a, b.shape)];
  },
});

/** a · b, operands broadcast. */
export const multiply = (a: Operand, b: Operand): Value => binary(MULTIPLY, a, b);
