import { throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import { encodeOnnx, GraphBuilder, Session } from "../onnx/index.ts";

/** Two vectors at least as similar as was asked for; a < b. */
export interface Edge {
  readonly a: number;
  readonly b: number;
  readonly cosine: number;
}

const ROWS = 128;
const COLUMNS = 4096;

/**
 * All pairs of vectors with a cosine at or above a threshold, exactly: every pair is compared.
 *
 * Memory grows with the pairs found, not with those compared.
 *
 * @param vectors of one dimension
 * Throws    FaceError ABORTED
 */
export async function cosineGraph(
  vectors: readonly UnitVector[],
  threshold: number,
  options: WorkOptions = {},
): Promise<Edge[]> {
  const edges: Edge[] = [];
  const dimension = vectors[0]?.length;
  if (dimension === undefined) return edges;
  const graph = new GraphBuilder();
  const left = graph.input("left", ["rows", dimension]);
  const right = graph.input("right", ["columns", dimension]);
  graph.node("Gemm", [left, right], { transB: 1 }, "cosines");
  graph.output("cosines", ["rows", "columns"]);
  await using session = await Session.open(encodeOnnx(graph.finish({ producer: "arcface", opset: 17 })));
  for (let row = 0; row < vectors.length; row += ROWS) {
    throwIfAborted(options.signal);
    const rows = matrixOf(vectors, row, Math.min(vectors.length, row + ROWS), dimension);
    for (let column = row; column < vectors.length; column += COLUMNS) {
      const columns = matrixOf(vectors, column, Math.min(vectors.length, column + COLUMNS), dimension);
      const { cosines } = await session.run({ left: rows, right: columns });
      const [width] = columns.dims;
      for (let n = 0; n < cosines!.data.length; n++) {
        const cosine = cosines!.data[n]!;
        if (cosine < threshold) continue;
        const a = row + Math.floor(n / width);
        const b = column + (n % width);
        if (a < b) edges.push({ a, b, cosine });
      }
    }
    options.onProgress?.({
      stage: "comparing",
      done: Math.min(vectors.length, row + ROWS),
      total: vectors.length,
    });
  }
  return edges;
}

function matrixOf(vectors: readonly UnitVector[], from: number, to: number, dimension: number) {
  const data = new Float32Array((to - from) * dimension);
  for (let i = from; i < to; i++) {
    const vector = vectors[i]!;
    for (let d = 0; d < dimension; d++) data[(i - from) * dimension + d] = vector[d]!;
  }
  return { dims: [to - from, dimension] as const, data };
}
