import type { ReadonlyFloat32 } from "../core/index.ts";
import type { ScanForm } from "./kernel/scan-kernel.ts";

/** A query as integers, with what the kernel needs to turn a sum of products into a cosine and its error bound. */
export interface QuantisedQuery {
  readonly values: Int16Array;
  readonly sum: number;
  /** The worth of one unit of `values`. */
  readonly step: number;
  /** Length of what `values` stand for. */
  readonly length: number;
  /** The most by which the query's own rounding can change any cosine, with room for float32 arithmetic. */
  readonly slack: number;
  /** Length of what the query has outside of the axes. */
  readonly residual: number;
}

/** A vector as rows are kept: turned, and cut off where the rows have fewer axes than dimensions. */
export interface TurnedVector {
  /** A view good until the next vector is turned. */
  readonly components: ReadonlyFloat32;
  /** Length of what lies outside of the axes, rounded up. */
  readonly residual: number;
  /** The most by which the product of two such vectors' components can miss that of the exact ones. */
  readonly error: number;
}

/** Largest integers of a query: in the scan, where they are multiplied by 256, and in the matrix product. */
const SCAN_LEVELS = 127;
export const PRODUCT_LEVELS = 63;

/** By what the scan multiplies the integers of eight components after eight, so that each nibble counts the same. */
const NIBBLE_FACTORS = [256, 16, 1, 256];

/** Components whose lower nibbles the scan looks at first: in FIRST bytes, as scan.as has it. */
const FIRST_COMPONENTS = 256;

/** Bytes before the integers of a query in the scan's memory; where its floor stands in them, if many are asked together. */
const HEADER_BYTES = 64;
export const FLOOR_AT = 28;

/** Vectors may be this long at most (their squared length is 1 within `UNIT_TOLERANCE`). */
export const LONGEST_ROW = 1.0006;
/** Covers float32 rounding in the kernel: at most a few units of 2⁻²⁴ of values below 32. */
const ARITHMETIC = 2e-5;

/**
 * Rounds a turned query to whole numbers from −levels to levels.
 *
 * Along the axes the cosine of a row is q·x. With q = q̂ + f and x = x̂ + e, where hats are the quantised vectors,
 * |q·x − q̂·x̂| = |q̂·e + f·x| ≤ ‖q̂‖‖e‖ + ‖f‖‖x‖: `length` times the row's distance, plus `slack`. Outside of the axes
 * it is at most `residual` times the row's.
 */
export function quantiseQuery(turned: TurnedVector, levels: number): QuantisedQuery {
  const { components: query, residual, error: turning } = turned;
  let largest = 0;
  for (let i = 0; i < query.length; i++) largest = Math.max(largest, Math.abs(query[i]!));
  // The kernel computes with the step as a float32, so that is what counts.
  const step = Math.fround(largest / levels);
  const values = new Int16Array(query.length);
  let [sum, error] = [0, 0];
  for (let i = 0; i < query.length; i++) {
    // A query at right angles to every axis has no step.
    const value = step > 0 ? Math.max(-levels, Math.min(levels, Math.round(query[i]! / step))) : 0;
    values[i] = value;
    sum += value;
    error += (query[i]! - value * step) ** 2;
  }
  return {
    values,
    sum,
    step,
    length: lengthOf(values, step),
    slack: Math.fround(Math.sqrt(error) * (LONGEST_ROW + turning) * 1.001 + turning + ARITHMETIC),
    residual,
  };
}

/**
 * Largest integers of queries that are asked together: `surveyMany` adds up their products with nibbles in 16 bits, in each
 * lane four for sixteen bytes of a plane.
 */
export function batchLevels(planeBytes: number): number {
  return Math.min(SCAN_LEVELS, Math.floor(32_767 / (15 * 4 * (planeBytes / 16))));
}

/**
 * Puts a turned query into the scan's memory as that form of scan.as wants it.
 *
 * @param levels the largest integer, at most 127
 */
export function placeQuery(
  query: TurnedVector,
  buffer: SharedArrayBuffer,
  at: number,
  form: ScanForm,
  levels = SCAN_LEVELS,
): void {
  const { values, sum, step, length, slack, residual } = quantiseQuery(query, levels);
  new Int32Array(buffer, at, 1)[0] = sum;
  new Float32Array(buffer, at + 4, 3).set([step, length, slack]);
  const rest = values.subarray(FIRST_COMPONENTS);
  new Int32Array(buffer, at + 16, 1)[0] = rest.reduce((total, value) => total + value, 0);
  new Float32Array(buffer, at + 20, 2).set([lengthOf(rest, step), residual]);
  if (form === "plain") {
    for (let i = 0; i < values.length; i++) values[i]! *= NIBBLE_FACTORS[(i >> 3) & 3]!;
    new Int16Array(buffer, at + HEADER_BYTES, values.length).set(values);
    return;
  }
  const bytes = new Int8Array(buffer, at + HEADER_BYTES, values.length);
  for (let i = 0; i < values.length; i++) {
    // Component i is nibble (i >> 3) & 3 of lane i & 7 in its 32: byte 2 · lane, or the one behind, low or high.
    const [lane, nibble] = [i & 7, (i >> 3) & 3];
    bytes[(i & ~31) + 16 * (nibble & 1) + 2 * lane + (nibble >> 1)] = values[i]!;
  }
}

/** Length of what integers stand for, rounded up. */
function lengthOf(values: Int16Array, step: number): number {
  return Math.fround(step * Math.sqrt(values.reduce((total, value) => total + value * value, 0)) * 1.000001);
}

/** Room that a query takes in the scan's memory, for vectors of this many components at most. */
export function queryBytes(size: number): number {
  return HEADER_BYTES + 2 * size;
}
