import { elementCount } from "../../core/index.ts";
import type { Operation } from "../operation.ts";
import { expectThat } from "../shapes.ts";
import type { Value } from "../value.ts";
import { scatterRows } from "./scatter-rows.ts";

const GATHER_ROWS: Operation<null> = {
  name: "gather-rows",
  result([table, indices]) {
    const fits = table!.shape.length >= 1 && indices!.type === "int" && indices!.shape.length === 1;
    expectThat(fits, "gather-rows", "a table and indices", table!, indices!);
    return { shape: [indices!.shape[0]!, ...table!.shape.slice(1)], type: table!.type };
  },
  evaluate([table, indices], value) {
    const width = elementCount(value.shape.slice(1));
    const y = new Float64Array(indices!.length * width);
    for (const [row, index] of indices!.entries())
      y.set(table!.subarray(index * width, (index + 1) * width), row * width);
    return y;
  },
  gradient(y, dy) {
    const [table, indices] = y.inputs as [Value, Value];
    return [scatterRows(dy, indices, table.shape[0]!), undefined];
  },
  plain: (emit, inputs) => emit.node("Gather", inputs, { axis: 0 }),
};

/**
 * Some rows of a table, in the order of the indices; a row may come several times.
 *
 * Shapes    table [R, …], indices [M] → [M, …]
 * Ranges    indices 0…R − 1
 */
export const gatherRows = (table: Value, indices: Value): Value =>
  table.tape.apply(GATHER_ROWS, [table, indices], null);
