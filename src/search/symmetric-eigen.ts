/** Work in steps: each `next()` does a few tenths of a millisecond of it, so that others may go first. */
export type InSteps<T> = Generator<undefined, T>;

/** Eigenvectors of a symmetric matrix, largest eigenvalue first. */
export interface Eigen {
  readonly values: Float64Array;
  /** Shape    [count, size], row-major: one vector a row, of length 1 */
  readonly vectors: Float64Array;
}

/** Sweeps after which an eigenvalue of a tridiagonal matrix has always converged; two or three are usual. */
const MOST_SWEEPS = 60;

/**
 * The `count` largest eigenvalues of a symmetric matrix with their vectors: Householder's reduction to three diagonals, then
 * implicit QL (Golub and Van Loan, Matrix Computations, 8.3), every inner loop over neighbouring numbers.
 *
 * @param matrix [size, size], row-major; overwritten
 */
export function* symmetricEigen(matrix: Float64Array, size: number, count: number): InSteps<Eigen> {
  const diagonal = new Float64Array(size);
  const beside = new Float64Array(size);
  const reflections = yield* tridiagonalise(matrix, size, diagonal, beside);
  const turned = yield* diagonalise(diagonal, beside);
  const order = [...diagonal.keys()].sort((a, b) => diagonal[b]! - diagonal[a]!).slice(0, count);
  const vectors = new Float64Array(order.length * size);
  for (const [place, row] of order.entries()) {
    const vector = vectors.subarray(place * size, (place + 1) * size);
    vector.set(turned.subarray(row * size, (row + 1) * size));
    for (let k = size - 3; k >= 0; k--) reflect(vector, reflections, k, size);
    yield;
  }
  return { values: Float64Array.from(order, (row) => diagonal[row]!), vectors };
}

/** Anything smaller than this part of the largest is far below rounding, and its squares would leave the range of numbers. */
const NOTHING = 2 ** -80;
/** Numbers below have fewer digits than others. */
const SMALLEST = 2 ** -960;

/** Row k of what comes back holds, from k + 1 on, a vector v with ‖v‖² = 2 whose reflection I − v vᵀ clears column k. */
function* tridiagonalise(
  a: Float64Array,
  size: number,
  diagonal: Float64Array,
  beside: Float64Array,
): InSteps<Float64Array> {
  const reflections = new Float64Array(size * size);
  const p = new Float64Array(size);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]!));
  const nothing = (largest * NOTHING) ** 2;
  for (let k = 0; k < size; k++) {
    diagonal[k] = a[k * size + k]!;
    if (k === size - 1) break;
    const v = reflections.subarray(k * size, (k + 1) * size);
    let behind = 0;
    for (let j = k + 2; j < size; j++) {
      v[j] = a[k * size + j]!;
      behind += v[j]! * v[j]!;
    }
    const first = a[k * size + k + 1]!;
    const square = behind + first * first;
    const length = first > 0 ? -Math.sqrt(square) : Math.sqrt(square);
    if (k === size - 2 || behind <= nothing) {
      beside[k] = first;
      v.fill(0);
      continue;
    }
    beside[k] = length;
    v[k + 1] = first - length;
    const scale = Math.sqrt(2 / (behind + (first - length) ** 2));
    for (let j = k + 1; j < size; j++) v[j]! *= scale;
    let along = 0;
    for (let i = k + 1; i < size; i++) {
      const row = i * size;
      let sum = 0;
      for (let j = k + 1; j < size; j++) sum += a[row + j]! * v[j]!;
      p[i] = sum;
      along += sum * v[i]!;
    }
    for (let i = k + 1; i < size; i++) p[i]! -= (along / 2) * v[i]!;
    for (let i = k + 1; i < size; i++) {
      const row = i * size;
      const vi = v[i]!;
      const pi = p[i]!;
      for (let j = k + 1; j < size; j++) a[row + j]! -= vi * p[j]! + pi * v[j]!;
    }
    yield;
  }
  return reflections;
}

function reflect(vector: Float64Array, reflections: Float64Array, k: number, size: number): void {
  const row = k * size;
  let sum = 0;
  for (let j = k + 1; j < size; j++) sum += reflections[row + j]! * vector[j]!;
  if (sum === 0) return;
  for (let j = k + 1; j < size; j++) vector[j]! -= sum * reflections[row + j]!;
}

/** Eigenvectors of the tridiagonal matrix, one a row; its diagonal becomes the eigenvalues. */
function* diagonalise(diagonal: Float64Array, beside: Float64Array): InSteps<Float64Array> {
  const size = diagonal.length;
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  let largest = 0;
  for (let i = 0; i < size; i++) largest = Math.max(largest, Math.abs(diagonal[i]!), Math.abs(beside[i]!));
  const nothing = largest * NOTHING;
  for (let low = 0; low < size; low++) {
    for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
      let high = low;
      for (; high < size - 1; high++) {
        const near = Math.abs(diagonal[high]!) + Math.abs(diagonal[high + 1]!);
        if (Math.abs(beside[high]!) <= Number.EPSILON * near + nothing) break;
      }
      if (high === low) break;
      sweepUp(diagonal, beside, low, high, vectors);
      yield;
    }
  }
  return vectors;
}

/** One implicit QL step between two places, with Wilkinson's shift. */
function sweepUp(
  diagonal: Float64Array,
  beside: Float64Array,
  low: number,
  high: number,
  vectors: Float64Array,
): void {
  const size = diagonal.length;
  const slope = (diagonal[low + 1]! - diagonal[low]!) / (2 * beside[low]!);
  const root = Math.hypot(slope, 1);
  let g = diagonal[high]! - diagonal[low]! + beside[low]! / (slope + (slope < 0 ? -root : root));
  let [sine, cosine, p] = [1, 1, 0];
  for (let i = high - 1; i >= low; i--) {
    const f = sine * beside[i]!;
    const b = cosine * beside[i]!;
    const r = Math.hypot(f, g);
    beside[i + 1] = r;
    if (r < SMALLEST) {
      diagonal[i + 1]! -= p;
      beside[high] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    const d = diagonal[i + 1]! - p;
    const step = (diagonal[i]! - d) * sine + 2 * cosine * b;
    p = sine * step;
    diagonal[i + 1] = d + p;
    g = cosine * step - b;
    rotate(vectors, i * size, size, sine, cosine);
  }
  diagonal[low]! -= p;
  beside[low] = g;
  beside[high] = 0;
}

/** Turns a row and the one behind it against each other. */
function rotate(vectors: Float64Array, row: number, size: number, sine: number, cosine: number): void {
  const behind = row + size;
  for (let j = 0; j < size; j++) {
    const s = vectors[row + j]!;
    const t = vectors[behind + j]!;
    vectors[behind + j] = sine * s + cosine * t;
    vectors[row + j] = cosine * s - sine * t;
  }
}
