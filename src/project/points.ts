import { FaceError } from "../core/index.ts";

/** Points of a space, one after the other. */
export interface Points {
  /** Shapes    [count × dimension], row-major */
  readonly data: Float32Array;
  readonly count: number;
  readonly dimension: number;
}

/** Vectors of one length, copied into one array. Throws FaceError SHAPE when their lengths differ. */
export function pointsOf(vectors: readonly ArrayLike<number>[]): Points {
  const dimension = vectors[0]?.length ?? 0;
  const data = new Float32Array(vectors.length * dimension);
  for (const [row, vector] of vectors.entries()) {
    if (vector.length !== dimension) {
      throw new FaceError(
        "SHAPE",
        `points: expected vectors of dimension ${dimension}, got one of ${vector.length} at row ${row}`,
      );
    }
    data.set(vector, row * dimension);
  }
  return { data, count: vectors.length, dimension };
}

/**
 * Throws    FaceError SHAPE when sizes do not fit one another or there is nothing, USAGE for a number that is not finite
 */
export function checkPoints(where: string, { data, count, dimension }: Points): void {
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(dimension) || dimension < 1) {
    throw new FaceError(
      "SHAPE",
      `${where}: expected at least one point of at least one dimension, got ${count} of ${dimension}`,
    );
  }
  if (data.length !== count * dimension) {
    throw new FaceError("SHAPE", `${where}: expected ${count} × ${dimension} numbers, got ${data.length}`);
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new FaceError(
      "USAGE",
      `${where}: expected finite numbers, got ${data[bad]} in row ${Math.floor(bad / dimension)}`,
    );
  }
}
