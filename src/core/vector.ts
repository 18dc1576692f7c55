import { FaceError } from "./errors.ts";

declare const unit: unique symbol;

/** Float32 values that the holder may read and not write. */
export interface ReadonlyFloat32 {
  readonly length: number;
  readonly [index: number]: number;
  [Symbol.iterator](): IterableIterator<number>;
}

/**
 * A vector of length 1: an embedding whose dot product with another is their cosine.
 *
 * Made only by {@link normalize} and {@link asUnitVector}, so holding one is proof that it was normalised.
 */
export type UnitVector = ReadonlyFloat32 & { readonly [unit]: true };

/** The distance from 1 at which a stored vector's squared length may lie and still be taken as normalised (float32, 2048-d). */
export const UNIT_TOLERANCE = 1e-3;

/**
 * Divides a vector by its Euclidean length.
 *
 * Shapes    values [D] · result [D], a copy
 * Throws    FaceError ZERO_VECTOR when the length is 0 or not finite
 *
 * ```ts
 * import { normalize } from "arcface-ts";
 *
 * normalize([3, 4]); // about [0.6, 0.8]
 * ```
 */
export function normalize(values: ReadonlyFloat32): UnitVector {
  let square = 0;
  for (let i = 0; i < values.length; i++) square += values[i]! * values[i]!;
  if (!(square > 0) || !Number.isFinite(square)) {
    throw new FaceError("ZERO_VECTOR", {
      where: "normalize",
      expected: "a finite non-zero vector",
      got: `squared length ${square}`,
    });
  }
  const scale = 1 / Math.sqrt(square);
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = values[i]! * scale;
  return out as unknown as UnitVector;
}

/**
 * Takes over values that claim to be normalised already, for example from a file; copies and checks them.
 *
 * Throws    FaceError ZERO_VECTOR when the length differs from 1 by more than {@link UNIT_TOLERANCE}
 */
export function asUnitVector(values: ArrayLike<number>): UnitVector {
  // Not Float32Array.from: it goes through an iterator, which opening a gallery would pay for every number.
  const copy = new Float32Array(values);
  let square = 0;
  for (let i = 0; i < copy.length; i++) square += copy[i]! * copy[i]!;
  if (!(Math.abs(square - 1) <= UNIT_TOLERANCE)) {
    throw new FaceError("ZERO_VECTOR", {
      where: "embedding",
      expected: "a vector of length 1",
      got: `squared length ${square}`,
    });
  }
  return copy as unknown as UnitVector;
}

/**
 * The cosine of the angle between two embeddings.
 *
 * Shapes    a [D], b [D]
 * Ranges    result in [−1, 1]; clamped, because rounding can pass 1 by one part in 10⁷
 * Throws    FaceError SHAPE when the dimensions differ
 *
 * ```ts
 * import { cosine, normalize } from "arcface-ts";
 *
 * cosine(normalize([3, 4]), normalize([4, 3])); // about 0.96
 * ```
 */
export function cosine(a: UnitVector, b: UnitVector): number {
  if (a.length !== b.length) {
    throw new FaceError("SHAPE", {
      where: "cosine",
      expected: "two vectors of one dimension",
      got: `${a.length} and ${b.length}`,
    });
  }
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += a[i]! * b[i]!;
  return Math.min(1, Math.max(-1, dot));
}
