import { elementwise } from "../elementwise.ts";
import { sumTo } from "../sum-to.ts";
import type { Operand, Value } from "../value.ts";

const WHERE = elementwise<null>({
  name: "where",
  onnx: "Where",
  takes: ["bool", "float", "float"],
  compute: ([condition = 0, a = 0, b = 0]) => (condition ? a : b),
  gradient(y, dy) {
    const [condition, a, b] = y.inputs as [Value, Value, Value];
    return [undefined, sumTo(where(condition, dy, 0), a.shape), sumTo(where(condition, 0, dy), b.shape)];
  },
});

/** `a` where the condition holds, else `b`; all three broadcast. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const { tape } = condition;
  return tape.apply(WHERE, [condition, tape.valueOf(a), tape.valueOf(b)], null);
}
