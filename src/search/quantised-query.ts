import type { ReadonlyFloat32 } from "../core/index.ts";

/** A query as integers, with what the kernel needs to turn a sum of products into a cosine and its error bound. */
export interface QuantisedQuery {
  readonly values: Int16Array;
  readonly sum: number;
  /** What one unit of `values` is worth. */
  readonly step: number;
  /** Length of what `values` stand for. */
  readonly length: number;
  /** How much the query's own rounding can change any cosine, with room for float32 arithmetic. */
  readonly slack: number;
}

/** Largest integers of a query: in the scan, where they are multiplied by 256, and in the matrix product. */
const SCAN_LEVELS = 127;
export const PRODUCT_LEVELS = 63;

/** By what the scan multiplies the integers of eight components after eight, so that each nibble counts the same. */
const NIBBLE_FACTORS = [256, 16, 1, 256];

/** Bytes before the integers of a query in the scan's memory. */
const HEADER_BYTES = 64;

/** Stored vectors may be this long at most (their squared length is 1 within `UNIT_TOLERANCE`). */
const LONGEST_ROW = 1.0006;
/** Covers float32 rounding in the kernel: at most a few units of 2⁻²⁴ of values below 32. */
const ARITHMETIC = 2e-5;

/**
 * Rounds a rotated query to whole numbers from −levels to levels.
 *
 * The cosine of a row is q·x. With q = q̂ + f and x = x̂ + e, where hats are the quantised vectors,
 * |q·x − q̂·x̂| = |q̂·e + f·x| ≤ ‖q̂‖‖e‖ + ‖f‖‖x‖: `length` times the row's distance, plus `slack`.
 */
export function quantiseQuery(query: ReadonlyFloat32, levels: number): QuantisedQuery {
  let largest = 0;
  for (let i = 0; i < query.length; i++) largest = Math.max(largest, Math.abs(query[i]!));
  // The kernel computes with the step as a float32, so that is what counts.
  const step = Math.fround(largest / levels);
  const values = new Int16Array(query.length);
  let [sum, square, error] = [0, 0, 0];
  for (let i = 0; i < query.length; i++) {
    const value = Math.max(-levels, Math.min(levels, Math.round(query[i]! / step)));
    values[i] = value;
    sum += value;
    square += (value * step) ** 2;
    error += (query[i]! - value * step) ** 2;
  }
  const length = Math.fround(Math.sqrt(square) * 1.000001);
  return {
    values,
    sum,
    step,
    length,
    slack: Math.fround(Math.sqrt(error) * LONGEST_ROW * 1.001 + ARITHMETIC),
  };
}

/** Puts a rotated query into the scan's memory as scan.as wants it. */
export function placeQuery(query: ReadonlyFloat32, buffer: SharedArrayBuffer, at: number): void {
  const { values, sum, step, length, slack } = quantiseQuery(query, SCAN_LEVELS);
  new Int32Array(buffer, at, 1)[0] = sum;
  new Float32Array(buffer, at + 4, 3).set([step, length, slack]);
  for (let i = 0; i < values.length; i++) values[i]! *= NIBBLE_FACTORS[(i >> 3) & 3]!;
  new Int16Array(buffer, at + HEADER_BYTES, values.length).set(values);
}

/** Room that a query takes in the scan's memory, for vectors of this many components at most. */
export function queryBytes(size: number): number {
  return HEADER_BYTES + 2 * size;
}
