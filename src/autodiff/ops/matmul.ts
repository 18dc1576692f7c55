import type { Operation } from "../operation.ts";
import { expectThat, float } from "../shapes.ts";
import type { Value } from "../value.ts";

/** The factors that are taken with their axes swapped. */
export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

interface Swaps {
  readonly a: boolean;
  readonly b: boolean;
}

const MATMUL: Operation<Swaps> = {
  name: "matmul",
  result([a, b], swaps) {
    const two = a!.shape.length === 2 && b!.shape.length === 2 && a!.type === "float" && b!.type === "float";
    expectThat(two, "matmul", "two matrices", a!, b!);
    const [[rows, inner], [rest, columns]] = [oriented(a!, swaps.a), oriented(b!, swaps.b)];
    expectThat(inner === rest, "matmul", "matrices that fit", a!, b!);
    return float([rows, columns]);
  },
  evaluate([a, b], value, swaps) {
    const [rows = 0, columns = 0] = value.shape;
    const inner = oriented(value.inputs[0]!, swaps.a)[1];
    const y = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < inner; k++)
          sum += a![swaps.a ? k * rows + i : i * inner + k]! * b![swaps.b ? j * inner + k : k * columns + j]!;
        y[i * columns + j] = sum;
      }
    return y;
  },
  gradient(y, dy, { a: swapA, b: swapB }) {
    const [a, b] = y.inputs as [Value, Value];
    const da = swapA
      ? matmul(b, dy, { transposeA: swapB, transposeB: true })
      : matmul(dy, b, { transposeB: !swapB });
    const db = swapB
      ? matmul(dy, a, { transposeA: true, transposeB: swapA })
      : matmul(a, dy, { transposeA: !swapA });
    return [da, db];
  },
  plain: (emit, inputs, _value, { a, b }) =>
    emit.node("Gemm", inputs, { transA: a ? 1 : 0, transB: b ? 1 : 0 }),
};

/**
 * The matrix product.
 *
 * Shapes    a [R, K], b [K, C] → [R, C]; a factor to be transposed is given the other way round
 */
export function matmul(a: Value, b: Value, options: MatmulOptions = {}): Value {
  const { transposeA = false, transposeB = false } = options;
  return a.tape.apply(MATMUL, [a, b], { a: transposeA, b: transposeB });
}

function oriented({ shape }: Value, swapped: boolean): readonly [number, number] {
  const [rows = 0, columns = 0] = shape;
  return swapped ? [columns, rows] : [rows, columns];
}
