import { binary, elementwise } from "../elementwise.ts";
import { byPlane } from "../emit/by-plane.ts";
import { sumTo } from "../sum-to.ts";
import type { Operand, Value } from "../value.ts";

const ADD = elementwise<null>({
  name: "add",
  onnx: "Add",
  compute: ([a = 0, b = 0]) => a + b,
  gradient(y, dy) {
    const [a, b] = y.inputs as [Value, Value];
    return [sumTo(dy, a.shape), sumTo(dy, b.shape)];
  },
  blocked: (emit, value) => byPlane(emit, value, "summand"),
});

/** a + b, operands broadcast. */
export const add = (a: Operand, b: Operand): Value => binary(ADD, a, b);
