/** A query as integers, with what is needed to turn a sum of products into a cosine and its error bound: see `ask` in scan.as. */
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

/** Largest integers of a query: in the scan, where they are multiplied by 256, and in the matrix product. */
export const SCAN_LEVELS = 127;
export const PRODUCT_LEVELS = 63;

/** Bytes before the integers of a query in the scan's memory; where its floor stands in them, if many are asked together. */
const HEADER_BYTES = 64;
export const FLOOR_AT = 28;

/** Vectors may be this long at most (their squared length is 1 within `UNIT_TOLERANCE`). */
export const LONGEST_ROW = 1.0006;

/**
 * Largest integers of queries that are asked together: the kernel adds up their products with nibbles in 16 bits, in each
 * lane four for sixteen bytes of a plane.
 *
 * @param bytes of the upper plane
 */
export function batchLevels(bytes: number): number {
  return Math.min(SCAN_LEVELS, Math.floor(32_767 / (15 * 4 * (bytes / 16))));
}

/** Room that a query takes in the scan's memory, for vectors of this many components at most. */
export function queryBytes(size: number): number {
  return HEADER_BYTES + 2 * size;
}
