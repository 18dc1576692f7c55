import { FaceError, seeded, throwIfAborted, type WorkOptions } from "../core/index.ts";
import { covariance } from "./covariance.ts";
import { checkPoints, type Points } from "./points.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

/** The number of components, and the start of their search. */
export interface PcaOptions extends WorkOptions {
  /** Fewer where the points have fewer dimensions. @default 2 */
  readonly components?: number;
  /** @default 1 */
  readonly seed?: number;
}

/** The directions in which points differ most. */
export interface Pca {
  /** Shapes    [D] */
  readonly mean: Float64Array;
  readonly components: number;
  /** Shapes    [components × D], of length 1, orthogonal, the largest entry of each positive */
  readonly axes: Float64Array;
  /** Shapes    [components], falling; divided by N */
  readonly variances: Float64Array;
  /** Of all dimensions together. */
  readonly totalVariance: number;
  /** Shapes    [N × components], the points along the axes, about their mean */
  readonly scores: Float32Array;
}

/** Directions searched beyond those wanted: they let the wanted ones settle in a few steps. */
const SPARE = 10;
const MAX_STEPS = 300;
const TOLERANCE = 1e-10;

/**
 * Principal component analysis: the first components, by subspace iteration from a seeded random start.
 *
 * Throws    FaceError USAGE, SHAPE, ABORTED
 * Source    N. Halko, P. G. Martinsson, J. A. Tropp, "Finding structure with randomness", 2011
 */
export async function pca(points: Points, options: PcaOptions = {}): Promise<Pca> {
  checkPoints("PCA", points);
  const { count, dimension } = points;
  const wanted = options.components ?? 2;
  if (!Number.isInteger(wanted) || wanted < 1) {
    throw new FaceError("USAGE", {
      where: "PCA components",
      expected: "a whole number above 0",
      got: wanted,
    });
  }
  const components = Math.min(wanted, dimension);
  const spread = await covariance(points, options);
  const width = Math.min(dimension, components + SPARE);
  const random = seeded(options.seed ?? 1);
  let basis: Float64Array = Float64Array.from({ length: width * dimension }, () => random.next() - 0.5);
  let values: Float64Array = new Float64Array(width);
  orthonormalize(basis, width, dimension);
  for (let step = 0; step < MAX_STEPS; step++) {
    throwIfAborted(options.signal);
    const image = spread.times(basis, width);
    const ritz = rayleighRitz(basis, image, width, dimension);
    const change = largestChange(values, ritz.values, components);
    ({ values, basis } = ritz);
    if (change <= TOLERANCE * Math.max(spread.total, Number.MIN_VALUE)) break;
    orthonormalize(basis, width, dimension);
  }
  orthonormalize(basis, width, dimension);
  const axes = basis.slice(0, components * dimension);
  fixSigns(axes, components, dimension);
  return {
    mean: spread.mean,
    components,
    axes,
    variances: Float64Array.from(values.subarray(0, components), (value) => Math.max(0, value)),
    totalVariance: spread.total,
    scores: project(points.data, count, spread.mean, axes, components),
  };
}

/** Points along the axes of a PCA: the way for points it was not made from. Throws FaceError SHAPE, USAGE. */
export function pcaTransform({ mean, axes, components }: Pca, points: Points): Float32Array {
  checkPoints("PCA", points);
  if (points.dimension !== mean.length) {
    throw new FaceError("SHAPE", {
      where: "PCA",
      expected: `points of dimension ${mean.length}`,
      got: points.dimension,
    });
  }
  return project(points.data, points.count, mean, axes, components);
}

function project(
  data: Float32Array,
  count: number,
  mean: Float64Array,
  axes: Float64Array,
  components: number,
): Float32Array {
  const dimension = mean.length;
  const scores = new Float32Array(count * components);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < components; c++) {
      let sum = 0;
      for (let d = 0; d < dimension; d++) {
        sum += (data[i * dimension + d]! - mean[d]!) * axes[c * dimension + d]!;
      }
      scores[i * components + c] = sum;
    }
  }
  return scores;
}

/** Within the span of a basis: the directions that the matrix stretches without turning, multiplied with it once. */
function rayleighRitz(basis: Float64Array, image: Float64Array, width: number, dimension: number) {
  const small = new Float64Array(width * width);
  for (let a = 0; a < width; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let d = 0; d < dimension; d++) sum += basis[a * dimension + d]! * image[b * dimension + d]!;
      small[a * width + b] = sum;
      small[b * width + a] = sum;
    }
  }
  const { values, vectors } = symmetricEigen(small, width);
  const next = new Float64Array(width * dimension);
  for (let a = 0; a < width; a++) {
    for (let b = 0; b < width; b++) {
      const factor = vectors[a * width + b]!;
      for (let d = 0; d < dimension; d++) {
        next[a * dimension + d] = next[a * dimension + d]! + factor * image[b * dimension + d]!;
      }
    }
  }
  return { values, basis: next };
}

/** Makes rows orthogonal and of length 1, from the first on; a row that vanishes is replaced by an axis. */
function orthonormalize(rows: Float64Array, count: number, dimension: number): void {
  for (let a = 0; a < count; a++) {
    const row = rows.subarray(a * dimension, (a + 1) * dimension);
    let length = lengthOf(row);
    for (let attempt = -1; attempt < dimension; attempt++) {
      if (attempt >= 0) {
        row.fill(0);
        row[(a + attempt) % dimension] = 1;
        length = 1;
      }
      // Twice, because once loses digits when rows are nearly parallel.
      for (let pass = 0; pass < 2; pass++) {
        for (let b = 0; b < a; b++) removeFrom(row, rows.subarray(b * dimension, (b + 1) * dimension));
      }
      const left = lengthOf(row);
      if (left > 1e-12 * length && left > 0) {
        for (let d = 0; d < dimension; d++) row[d] = row[d]! / left;
        break;
      }
    }
  }
}

function removeFrom(row: Float64Array, direction: Float64Array): void {
  let dot = 0;
  for (let d = 0; d < row.length; d++) dot += row[d]! * direction[d]!;
  for (let d = 0; d < row.length; d++) row[d] = row[d]! - dot * direction[d]!;
}

function lengthOf(row: Float64Array): number {
  let square = 0;
  for (const value of row) square += value * value;
  return Math.sqrt(square);
}

function largestChange(before: Float64Array, after: Float64Array, count: number): number {
  let change = 0;
  for (let i = 0; i < count; i++) change = Math.max(change, Math.abs(after[i]! - before[i]!));
  return change;
}

function fixSigns(axes: Float64Array, components: number, dimension: number): void {
  for (let c = 0; c < components; c++) {
    const axis = axes.subarray(c * dimension, (c + 1) * dimension);
    let largest = 0;
    for (const value of axis) if (Math.abs(value) > Math.abs(largest) + 1e-9) largest = value;
    if (largest < 0) for (let d = 0; d < dimension; d++) axis[d] = -axis[d]!;
  }
}
