import { throwIfAborted, type WorkOptions } from "../core/index.ts";
import { encodeOnnx, GraphBuilder, Session } from "../onnx/index.ts";
import type { Points } from "./points.ts";

/** The covariance of points, as something to multiply vectors with. */
export interface Covariance {
  readonly mean: Float64Array;
  /** The sum of all variances, divided by N. */
  readonly total: number;
  /** Shapes    rows [n × D] · result [n × D] */
  times(rows: Float64Array, n: number): Float64Array;
}

/** Up to this many dimensions the matrix is formed; beyond, products go through the points. */
const LARGEST_MATRIX = 2048;
/** Multiplications from which on loading the engine pays. */
const ENGINE_WORK = 2e8;
const BLOCK_ROWS = 2048;

/** Throws    FaceError ABORTED */
export async function covariance(points: Points, { signal, onProgress }: WorkOptions): Promise<Covariance> {
  const { data, count, dimension } = points;
  const mean = new Float64Array(dimension);
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < dimension; d++) mean[d] = mean[d]! + data[i * dimension + d]!;
  }
  for (let d = 0; d < dimension; d++) mean[d] = mean[d]! / count;
  let total = 0;
  for (let n = 0; n < data.length; n++) total += (data[n]! - mean[n % dimension]!) ** 2 / count;
  if (dimension > LARGEST_MATRIX) {
    return { mean, total, times: (rows, n) => timesThroughPoints(points, mean, rows, n) };
  }
  const matrix = new Float64Array(dimension * dimension);
  if (count * dimension * dimension < ENGINE_WORK) addProducts(points, mean, 0, count, matrix);
  else {
    const graph = new GraphBuilder();
    const rows = graph.input("rows", ["rows", dimension]);
    graph.node("Gemm", [rows, rows], { transA: 1 }, "products");
    graph.output("products", [dimension, dimension]);
    await using session = await Session.open(encodeOnnx(graph.finish({ producer: "arcface", opset: 17 })));
    for (let from = 0; from < count; from += BLOCK_ROWS) {
      throwIfAborted(signal);
      const size = Math.min(BLOCK_ROWS, count - from);
      const block = new Float32Array(size * dimension);
      for (let n = 0; n < block.length; n++) block[n] = data[from * dimension + n]! - mean[n % dimension]!;
      const { products } = await session.run({ rows: { dims: [size, dimension], data: block } });
      for (let n = 0; n < matrix.length; n++) matrix[n] = matrix[n]! + products!.data[n]!;
      onProgress?.({ stage: "covariance", done: from + size, total: count });
    }
  }
  for (let n = 0; n < matrix.length; n++) matrix[n] = matrix[n]! / count;
  return { mean, total, times: (rows, n) => timesMatrix(matrix, dimension, rows, n) };
}

function addProducts(
  { data, dimension }: Points,
  mean: Float64Array,
  from: number,
  to: number,
  matrix: Float64Array,
): void {
  const row = new Float64Array(dimension);
  for (let i = from; i < to; i++) {
    for (let d = 0; d < dimension; d++) row[d] = data[i * dimension + d]! - mean[d]!;
    for (let a = 0; a < dimension; a++) {
      const value = row[a]!;
      for (let b = 0; b < dimension; b++) {
        matrix[a * dimension + b] = matrix[a * dimension + b]! + value * row[b]!;
      }
    }
  }
}

function timesMatrix(matrix: Float64Array, dimension: number, rows: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * dimension);
  for (let r = 0; r < n; r++) {
    for (let a = 0; a < dimension; a++) {
      let sum = 0;
      for (let b = 0; b < dimension; b++) sum += matrix[a * dimension + b]! * rows[r * dimension + b]!;
      out[r * dimension + a] = sum;
    }
  }
  return out;
}

function timesThroughPoints(
  { data, count, dimension }: Points,
  mean: Float64Array,
  rows: Float64Array,
  n: number,
): Float64Array {
  const out = new Float64Array(n * dimension);
  const point = new Float64Array(dimension);
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < dimension; d++) point[d] = data[i * dimension + d]! - mean[d]!;
    for (let r = 0; r < n; r++) {
      let dot = 0;
      for (let d = 0; d < dimension; d++) dot += point[d]! * rows[r * dimension + d]!;
      dot /= count;
      for (let d = 0; d < dimension; d++) {
        out[r * dimension + d] = out[r * dimension + d]! + dot * point[d]!;
      }
    }
  }
  return out;
}
