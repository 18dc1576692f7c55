import { FaceError, UNIT_TOLERANCE, type UnitVector, type WorkOptions } from "../core/index.ts";

/** A vector that is near a query. */
export interface Neighbour {
  readonly id: number;
  /** In [−1, 1]. */
  readonly cosine: number;
}

/** A group, such as a person, that is near a query: by its nearest vector. */
export interface GroupNeighbour extends Neighbour {
  readonly group: number;
}

/** Tells whether a vector may be found: true keeps it. `group` is undefined for a vector that was added without one. */
export type VectorFilter = (id: number, group: number | undefined) => boolean;

/** The aim of a search. */
export interface NeighbourOptions {
  /** The number wanted; a whole number above 0. */
  readonly k: number;
  /** The vectors that count. For a filter used again and again, see `ExactIndex.mask`. @default all */
  readonly filter?: VectorFilter | undefined;
  /**
   * The lowest cosine that is wanted: what lies below is left out, and most of it not even looked at closely. A threshold of
   * a calibration makes searches for strangers much shorter. @default none, −1
   */
  readonly floor?: number | undefined;
}

/** Memory that an index keeps, in bytes. */
export interface IndexMemory {
  readonly vectors: number;
  /** Everything below together, as allocated: room for growth is counted. */
  readonly bytes: number;
  /** Bytes read for every query: quantised vectors with their error bounds. */
  readonly scanBytes: number;
  /** float32 vectors for the last comparison; 0 when they are fetched from a {@link VectorSource}. */
  readonly exactBytes: number;
  /** Ids, groups, and the way from an id to its row. */
  readonly lookupBytes: number;
}

/** Source of the vectors of ids for an index that does not keep float32 vectors itself: a database. */
export interface VectorSource {
  /**
   * The vector that was added under this id, to the last bit; undefined when it is gone by now, and then it is not
   * found. Called for a few dozen ids a query.
   */
  read(id: number): UnitVector | undefined;
}

/**
 * Unit vectors under numeric ids, each in at most one group, searched by cosine.
 *
 * Derived from whatever keeps the vectors, never kept itself: it is filled when a database is opened, and follows
 * its changes. Ids and groups are whole numbers from 0 to 2⁵³ − 1. The first vector sets the dimension where the
 * constructor did not.
 *
 * Every search answers by falling cosine, equal cosines by rising id, and gives fewer than k when there are fewer.
 * A cosine is that of `core/cosine` to the last bit.
 */
export interface VectorIndex {
  /** The number of vectors. */
  readonly size: number;
  /** Length of the vectors; undefined while that is open. */
  readonly dimension: number | undefined;

  /**
   * Throws    FaceError USAGE when the id is there already or no valid number, SHAPE for another dimension,
   *           ZERO_VECTOR when the values are not finite or not of length 1
   */
  add(id: number, vector: UnitVector, group?: number): void;
  /** Changes vector and group of an id that is there. Throws as {@link add}, and USAGE when the id is not there. */
  replace(id: number, vector: UnitVector, group?: number): void;
  /** True if there was something to remove. */
  remove(id: number): boolean;
  has(id: number): boolean;
  /** The group of an id; undefined without one, and for an id that is not there. */
  groupOf(id: number): number | undefined;

  /** Throws    FaceError USAGE for a k below 1 or a floor that is no number, SHAPE for another dimension, ZERO_VECTOR as {@link add} */
  search(query: UnitVector, options: NeighbourOptions): Neighbour[];
  /** The k nearest groups, each by its nearest vector. Vectors without a group are passed over. Throws as {@link search}. */
  searchGroups(query: UnitVector, options: NeighbourOptions): GroupNeighbour[];
  /** {@link search} for many queries, faster than one by one. Throws as {@link search}, and ABORTED. */
  searchBatch(
    queries: readonly UnitVector[],
    options: NeighbourOptions & WorkOptions,
  ): Promise<Neighbour[][]>;

  memory(): IndexMemory;
}

/** Throws FaceError USAGE unless a number can be an id or a group. */
export function checkKey(kind: "id" | "group", key: number): void {
  if (!Number.isSafeInteger(key) || key < 0)
    throw new FaceError("USAGE", {
      where: "search",
      expected: `${kind} to be a whole number from 0`,
      got: key,
    });
}

/** Throws FaceError SHAPE or ZERO_VECTOR unless the values are a unit vector of this dimension. */
export function checkVector(vector: UnitVector, dimension: number | undefined): void {
  if (dimension !== undefined && vector.length !== dimension)
    throw new FaceError("SHAPE", {
      where: "search",
      expected: `a vector of dimension ${dimension}`,
      got: vector.length,
    });
  let square = 0;
  for (let i = 0; i < vector.length; i++) square += vector[i]! * vector[i]!;
  if (!(Math.abs(square - 1) <= UNIT_TOLERANCE))
    throw new FaceError("ZERO_VECTOR", {
      where: "search",
      expected: "a vector of length 1",
      got: `squared length ${square}`,
    });
}

/** Throws FaceError USAGE unless k is a whole number above 0 and the floor, where there is one, a number. */
export function checkGoal({ k, floor = -1 }: Pick<NeighbourOptions, "k" | "floor">): void {
  if (!Number.isInteger(k) || k < 1)
    throw new FaceError("USAGE", { where: "search", expected: "k to be 1 or more", got: k });
  if (typeof floor !== "number" || Number.isNaN(floor))
    throw new FaceError("USAGE", { where: "search", expected: "floor to be a cosine", got: floor });
}
