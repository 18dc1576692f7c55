import { binary, elementwise } from "../elementwise.ts";
import { sumTo } from "../sum-to.ts";
import type { Operand, Value } from "../value.ts";
import { multiply } from "./multiply.ts";
import { negate } from "./negate.ts";

const DIVIDE = elementwise<null>({
  name: "divide",
  onnx: "Div",
  compute: ([a = 0, b = 0]) => a / b,
  gradient(y, dy) {
    const [a, b] = y.inputs as [Value, Value];
    const da = divide(dy, b);
    return [sumTo(da, a.shape), sumTo(negate(multiply(da, y)), b.shape)];
  },
});

/** a / b, operands broadcast. */
export const divide = (a: Operand, b: Operand): Value => binary(DIVIDE, a, b);
