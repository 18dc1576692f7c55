import { FaceError, float32Rows } from "../core/index.ts";

/** Points of a space, one after the other. */
export interface Points {
  /** Shapes    [count × dimension], row-major */
  readonly data: Float32Array;
  readonly count: number;
  readonly dimension: number;
}

/**
 * Vectors of one length, copied into one array.
 *
 * Throws    FaceError SHAPE when their lengths differ, USAGE for numbers so far from the origin that float32 would
 *           round their differences away: {@link centredPointsOf} takes them
 */
export function pointsOf(vectors: readonly ArrayLike<number>[]): Points {
  const dimension = dimensionOf(vectors);
  const data = new Float32Array(vectors.length * dimension);
  for (const [row, vector] of vectors.entries()) data.set(vector, row * dimension);
  if (!vectors.every((vector) => vector instanceof Float32Array)) expectDifferences(vectors, dimension);
  return { data, count: vectors.length, dimension };
}

/**
 * Vectors of one length, in one array, moved so that their mean is at the origin where float32 cannot hold them as they
 * are. For layouts, neighbours and distances; not for the transform of points beside others, which must share an origin.
 *
 * Throws    FaceError SHAPE when their lengths differ
 */
export function centredPointsOf(vectors: readonly ArrayLike<number>[]): Points {
  const dimension = dimensionOf(vectors);
  return { data: float32Rows(vectors, dimension), count: vectors.length, dimension };
}

/** Rounding may move a point by this part of the cloud's extent, not more. */
const ROUNDING = 1e-3;

function expectDifferences(vectors: readonly ArrayLike<number>[], dimension: number): void {
  let [rounding, extent] = [0, 0];
  for (let d = 0; d < dimension; d++) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const vector of vectors) {
      low = Math.min(low, vector[d]!);
      high = Math.max(high, vector[d]!);
    }
    rounding += (Math.max(-low, high) * 2 ** -24) ** 2;
    extent += (high - low) ** 2;
  }
  if (extent > 0 && rounding > ROUNDING ** 2 * extent) {
    throw new FaceError("USAGE", {
      where: "points",
      expected: "numbers whose differences float32 holds",
      got: `a cloud ${Math.sqrt(extent).toPrecision(2)} wide that lies ${(Math.sqrt(rounding) * 2 ** 24).toPrecision(2)} from the origin`,
      note: "centredPointsOf moves it there",
    });
  }
}

function dimensionOf(vectors: readonly ArrayLike<number>[]): number {
  const dimension = vectors[0]?.length ?? 0;
  for (const [row, vector] of vectors.entries()) {
    if (vector.length !== dimension) {
      throw new FaceError("SHAPE", {
        where: "points",
        expected: `vectors of dimension ${dimension}`,
        got: `one of ${vector.length} at row ${row}`,
      });
    }
  }
  return dimension;
}

/**
 * Throws    FaceError SHAPE when sizes do not fit one another or there is nothing, USAGE for a number that is not finite
 */
export function checkPoints(where: string, { data, count, dimension }: Points): void {
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(dimension) || dimension < 1) {
    throw new FaceError("SHAPE", {
      where,
      expected: "at least one point of at least one dimension",
      got: `${count} of ${dimension}`,
    });
  }
  if (data.length !== count * dimension) {
    throw new FaceError("SHAPE", { where, expected: `${count} × ${dimension} numbers`, got: data.length });
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new FaceError("USAGE", {
      where,
      expected: "finite numbers",
      got: `${data[bad]} in row ${Math.floor(bad / dimension)}`,
    });
  }
}
