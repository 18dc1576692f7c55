import { elementCount } from "../../core/index.ts";
import type { Operation } from "../operation.ts";
import { expectThat, float } from "../shapes.ts";
import type { Value } from "../value.ts";
import { gatherRows } from "./gather-rows.ts";

const SCATTER_ROWS: Operation<{ readonly rows: number }> = {
  name: "scatter-rows",
  result([x, indices], { rows }) {
    const fits = x!.type === "float" && indices!.type === "int" && indices!.shape[0] === x!.shape[0];
    expectThat(fits, "scatter-rows", "rows of floats and as many indices", x!, indices!);
    return float([rows, ...x!.shape.slice(1)]);
  },
  evaluate([x, indices], value) {
    const width = elementCount(value.shape.slice(1));
    const y = new Float64Array(elementCount(value.shape));
    for (const [row, index] of indices!.entries())
      for (let i = 0; i < width; i++) y[index * width + i] = y[index * width + i]! + x![row * width + i]!;
    return y;
  },
  gradient: (y, dy) => [gatherRows(dy, y.inputs[1]!), undefined],
  plain(emit, [x = "", indices = ""], value) {
    const count = value.inputs[1]!.shape[0]!;
    const wide = emit.node("Cast", [emit.reshape(indices, [count, 1])], { to: 7 });
    const zeros = emit.node("Expand", [emit.scalar(0), emit.ints(value.shape)]);
    return emit.node("ScatterND", [zeros, wide, x], { reduction: "add" });
  },
};

/**
 * Rows added up at the places the indices say, in a table of zeros.
 *
 * Shapes    x [M, …], indices [M] → [rows, …]
 */
export const scatterRows = (x: Value, indices: Value, rows: number): Value =>
  x.tape.apply(SCATTER_ROWS, [x, indices], { rows });
