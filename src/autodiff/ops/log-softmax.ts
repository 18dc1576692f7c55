import type { Operation } from "../operation.ts";
import { expectThat, float } from "../shapes.ts";
import type { Value } from "../value.ts";
import { exp } from "./exp.ts";
import { multiply } from "./multiply.ts";
import { reduceSum } from "./reduce-sum.ts";
import { subtract } from "./subtract.ts";

const LOG_SOFTMAX: Operation<null> = {
  name: "log-softmax",
  result([x]) {
    expectThat(x!.type === "float" && x!.shape.length === 2, "log-softmax", "rows of floats", x!);
    return float(x!.shape);
  },
  evaluate([x], value) {
    const [rows = 0, columns = 0] = value.shape;
    const y = new Float64Array(x!.length);
    for (let row = 0; row < rows; row++) {
      const own = x!.subarray(row * columns, (row + 1) * columns);
      const most = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const total = most + Math.log(own.reduce((sum, v) => sum + Math.exp(v - most), 0));
      for (const [i, v] of own.entries()) y[row * columns + i] = v - total;
    }
    return y;
  },
  gradient: (y, dy) => [subtract(dy, multiply(exp(y), reduceSum(dy, [1], { keep: true })))],
  plain: (emit, inputs) => emit.node("LogSoftmax", inputs, { axis: 1 }),
};

/**
 * Logarithms of the chances that a row of logits stands for.
 *
 * Formula   x − log Σ eˣ
 * Shapes    [N, C] → [N, C]
 */
export const logSoftmax = (logits: Value): Value => logits.tape.apply(LOG_SOFTMAX, [logits], null);
