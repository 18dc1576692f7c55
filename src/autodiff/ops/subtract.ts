import { binary, elementwise } from "../elementwise.ts";
import { sumTo } from "../sum-to.ts";
import type { Operand, Value } from "../value.ts";
import { negate } from "./negate.ts";

const SUBTRACT = elementwise<null>({
  name: "subtract",
  onnx: "Sub",
  compute: ([a = 0, b = 0]) => a - b,
  gradient(y, dy) {
    const [a, b] = y.inputs as [Value, Value];
    return [sumTo(dy, a.shape), sumTo(negate(dy), b.shape)];
  },
});

/** a − b, operands broadcast. */
export const subtract = (a: Operand, b: Operand): Value => binary(SUBTRACT, a, b);
