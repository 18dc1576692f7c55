import { seeded } from "../core/index.ts";
import { type InSteps, symmetricEigen } from "./symmetric-eigen.ts";

/** Axes that rows are kept in instead of all dimensions: at right angles to each other, of length 1 but for rounding. */
export interface LearnedAxes {
  readonly count: number;
  /** Shape    [count, dimension made a multiple of 4 by zeros], row-major */
  readonly matrix: Float32Array;
  /** The most by which float32 products with `matrix` can miss those with exact axes, as the length of the difference. */
  readonly error: number;
}

/** The shape of a gallery's vectors, measured on a sample. */
export interface MeasuredShape {
  /** Vectors it was measured on. */
  readonly sampled: number;
  /** (Σλ)² / Σλ² of the second moments: as many dimensions filled evenly would spread cosines as these do. */
  readonly effectiveDimension: number;
  /** The axes that cost least; undefined where that is keeping all dimensions. */
  readonly axes: LearnedAxes | undefined;
  /** Part of the squared lengths that lies along the axes. */
  readonly energy: number;
  /** Length outside of the axes that one vector of the sample in a hundred exceeds. */
  readonly usualResidual: number;
  /** Predicted cost of a search along the axes, as part of that in all dimensions. */
  readonly cost: number;
}

/** Galleries of fewer dimensions gain nothing from leaving some out; of more, they are not looked at. */
export const [FEWEST_DIMENSIONS, MOST_DIMENSIONS] = [64, 1024];

/** Numbers of axes that are looked at are multiples of this: as many lie in sixteen bytes of a plane. */
const STEP = 32;
/** Beyond this part of the dimensions the turn costs more than the axes save. */
const LARGEST_PART = 0.75;
/** The axes must make a search this much cheaper than what it is. */
const WORTHWHILE = 0.8;
/** Vectors of a sample: at least, for each dimension, at most. */
const [FEWEST_SAMPLED, SAMPLED_PER_DIMENSION, MOST_SAMPLED] = [1024, 4, 2048];
/** At most so many of them judge the axes that the others give. */
const MOST_JUDGING = 448;

/** Rounding leaves a tenth of a thousandth. */
const LARGEST_ERROR = 0.01;

/** Distance between a turned vector of length 1 and what four bits of each component say of it, as measured. */
const COARSE = 0.11;
/** The same of eight bits, and of a query's integers. */
const FINE = COARSE / 16;
/** Neighbours that the prediction supposes are asked for. */
const WANTED = 10;

/**
 * Nanoseconds that parts of a search take on a core of today, for the ratio of two predictions: of surveying a row, and
 * each of its bytes; of judging one; of comparing one, and each of its dimensions; of a product in turning the query.
 */
const COST = {
  row: 1,
  byte: 0.04,
  judged: 15,
  judgedByte: 0.15,
  compared: 2500,
  dimension: 2,
  product: 0.12,
};

/**
 * Measures the shape of vectors and finds the axes along which searching them costs least: principal axes of the second
 * moments, mixed so that components are of like size.
 *
 * @param vectors a sample, see {@link sampleSize}; a quarter of it judges the axes that the rest gives
 * @param rows the number that will be searched
 * @param present the axes in use, to be beaten clearly
 */
export function* measureShape(
  vectors: readonly Float32Array[],
  rows: number,
  present: LearnedAxes | undefined,
): InSteps<MeasuredShape> {
  const dimension = vectors[0]!.length;
  const judging = Math.min(MOST_JUDGING, vectors.length >> 2);
  const learning = vectors.slice(judging);
  const moments = yield* secondMoments(learning, dimension);
  let [trace, square] = [0, 0];
  for (let i = 0; i < dimension; i++) trace += moments[i * dimension + i]!;
  for (let i = 0; i < moments.length; i++) square += moments[i]! * moments[i]!;
  const most = Math.floor((dimension * LARGEST_PART) / STEP) * STEP;
  const { vectors: principal } = yield* symmetricEigen(moments, dimension, most);
  const asking = vectors.slice(0, Math.ceil(judging / 8));
  const answering = vectors.slice(asking.length, judging);
  const judge = new Judge(dimension, rows);
  const sums = yield* judge.measure(asking, answering, principal);
  const whole = sums.at(-1)!;
  const full = judge.cost(whole, whole, dimension);
  let best: Prefix | undefined;
  for (const sum of sums.slice(0, -1))
    if (!best || judge.cost(sum, whole, sum.count) < judge.cost(best, whole, best.count)) best = sum;
  const cheapest = best ? judge.cost(best, whole, best.count) : full;
  const common = { sampled: vectors.length, effectiveDimension: (trace * trace) / square };
  if (present) {
    const now = (yield* judge.measure(asking, answering, unpadded(present, dimension))).at(-2)!;
    const cost = judge.cost(now, whole, present.count);
    if (Math.min(cheapest, full) > WORTHWHILE * cost) {
      const { energy, usualResidual } = now;
      return { ...common, axes: present, energy, usualResidual, cost: cost / full };
    }
  }
  const keeping: MeasuredShape = { ...common, axes: undefined, energy: 1, usualResidual: 0, cost: 1 };
  if (!best || !(cheapest <= WORTHWHILE * full)) return keeping;
  const axes = yield* mixed(principal.subarray(0, best.count * dimension), best.count, dimension);
  // Axes that are not at right angles, were there ever any, would leave bounds that exclude nothing.
  if (!(axes.error <= LARGEST_ERROR)) return keeping;
  return { ...common, axes, energy: best.energy, usualResidual: best.usualResidual, cost: cheapest / full };
}

function unpadded({ count, matrix }: LearnedAxes, dimension: number): Float64Array {
  const columns = matrix.length / count;
  const axes = new Float64Array(count * dimension);
  for (let i = 0; i < count; i++)
    axes.set(matrix.subarray(i * columns, i * columns + dimension), i * dimension);
  return axes;
}

/** Vectors of a gallery of this size that its shape is measured on. */
export function sampleSize(rows: number, dimension: number): number {
  return Math.min(rows, MOST_SAMPLED, Math.max(FEWEST_SAMPLED, SAMPLED_PER_DIMENSION * dimension));
}

function* secondMoments(vectors: readonly Float32Array[], dimension: number): InSteps<Float64Array> {
  const moments = new Float64Array(dimension * dimension);
  for (const vector of vectors) {
    addOuterProduct(moments, vector, dimension);
    yield;
  }
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      moments[i * dimension + j]! /= vectors.length;
      moments[j * dimension + i] = moments[i * dimension + j]!;
    }
  }
  return moments;
}

/** Adds a vector's products with itself to the lower half. */
function addOuterProduct(moments: Float64Array, vector: Float32Array, dimension: number): void {
  for (let i = 0; i < dimension; i++) {
    const row = i * dimension;
    const value = vector[i]!;
    for (let j = 0; j <= i; j++) moments[row + j]! += value * vector[j]!;
  }
}

/** Bounds of pairs' cosines from the first `count` axes: mean and spread of the middle. */
interface Prefix {
  readonly count: number;
  readonly energy: number;
  readonly usualResidual: number;
  readonly mean: number;
  readonly spread: number;
}

/** Predicts what searches cost. */
class Judge {
  readonly #dimension: number;
  readonly #rows: number;
  /** Standard deviations above the mean at which the last neighbour wanted is expected, among cosines that are normal. */
  readonly #reach: number;

  constructor(dimension: number, rows: number) {
    this.#dimension = dimension;
    this.#rows = rows;
    this.#reach = deviationsAbove(Math.min(0.4, WANTED / rows));
  }

  /** The bounds by more and more of the axes, and last by all dimensions. */
  *measure(
    asking: readonly Float32Array[],
    answering: readonly Float32Array[],
    axes: Float64Array,
  ): InSteps<readonly Prefix[]> {
    const count = axes.length / this.#dimension;
    const along: Float64Array[] = [];
    const all = [...asking, ...answering];
    for (const vector of all) {
      along.push(coordinates(axes, vector, count));
      yield;
    }
    const squares = all.map(squareOf);
    const partial = new Float64Array(asking.length * answering.length);
    const found: Prefix[] = [];
    for (let from = 0; from < count; from += STEP) {
      const to = Math.min(count, from + STEP);
      for (let a = 0; a < asking.length; a++) {
        const x = along[a]!;
        for (let b = 0; b < answering.length; b++) {
          const y = along[asking.length + b]!;
          let sum = 0;
          for (let i = from; i < to; i++) sum += x[i]! * y[i]!;
          partial[a * answering.length + b]! += sum;
        }
        if (a % 8 === 0) yield;
      }
      for (const [i, vector] of along.entries())
        for (let j = from; j < to; j++) squares[i]! -= vector[j]! ** 2;
      const outside = squares.map((square) => Math.sqrt(Math.max(0, square)));
      const bounds = partial.map(
        (sum, i) =>
          sum + outside[Math.floor(i / answering.length)]! * outside[asking.length + (i % answering.length)]!,
      );
      found.push({ count: to, ...residuals(outside), ...momentsOf(bounds) });
      yield;
    }
    const cosines = new Float64Array(partial.length);
    for (const [a, query] of asking.entries()) {
      for (const [b, row] of answering.entries()) cosines[a * answering.length + b] = product(query, row);
      yield;
    }
    return [...found, { count: this.#dimension, energy: 1, usualResidual: 0, ...momentsOf(cosines) }];
  }

  /** Nanoseconds of one search. @param whole the cosines themselves */
  cost({ energy, mean, spread }: Prefix, whole: Prefix, kept: number): number {
    const floor = whole.mean + this.#reach * whole.spread;
    const reaching = (radius: number): number => shareAbove((floor - mean - radius * energy) / spread);
    const bytes = kept / 2;
    const judged = reaching(COARSE + FINE);
    const compared = Math.max(WANTED / this.#rows, reaching(2 * FINE));
    const each =
      COST.row +
      COST.byte * bytes +
      judged * (COST.judged + COST.judgedByte * bytes) +
      compared * (COST.compared + COST.dimension * this.#dimension);
    return this.#rows * each + (kept < this.#dimension ? COST.product * kept * this.#dimension : 0);
  }
}

function coordinates(axes: Float64Array, vector: Float32Array, count: number): Float64Array {
  const found = new Float64Array(count);
  const size = vector.length;
  for (let i = 0; i < count; i++) {
    const row = i * size;
    let sum = 0;
    for (let j = 0; j < size; j++) sum += axes[row + j]! * vector[j]!;
    found[i] = sum;
  }
  return found;
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function squareOf(vector: Float32Array): number {
  return product(vector, vector);
}

function residuals(outside: readonly number[]): Pick<Prefix, "energy" | "usualResidual"> {
  const sorted = [...outside].sort((a, b) => a - b);
  const lost = outside.reduce((sum, value) => sum + value * value, 0) / outside.length;
  return { energy: 1 - lost, usualResidual: sorted[Math.floor(0.99 * (sorted.length - 1))]! };
}

function momentsOf(values: Float64Array): Pick<Prefix, "mean" | "spread"> {
  let [sum, square] = [0, 0];
  for (const value of values) {
    sum += value;
    square += value * value;
  }
  const mean = sum / values.length;
  return { mean, spread: Math.sqrt(Math.max(0, square / values.length - mean * mean)) + 1e-9 };
}

/** Part of a normal distribution above so many standard deviations (Abramowitz and Stegun 26.2.17). */
function shareAbove(deviations: number): number {
  const x = Math.abs(deviations);
  const t = 1 / (1 + 0.2316419 * x);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const above = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return deviations >= 0 ? above : 1 - above;
}

function deviationsAbove(share: number): number {
  let [low, high] = [0, 10];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (shareAbove(middle) > share) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * The same subspace by other axes, among which what the vectors have is shared out evenly: two at a time, drawn anew in
 * each round, become their sum and their difference over √2.
 */
function* mixed(principal: Float64Array, count: number, dimension: number): InSteps<LearnedAxes> {
  const axes = principal.slice();
  const random = seeded(count);
  const rows = Array.from({ length: count }, (_, i) => i);
  for (let round = 0; round < 2 * Math.ceil(Math.log2(count)); round++) {
    const places = random.shuffle(rows);
    for (let i = 0; i + 1 < count; i += 2) {
      const [a, b] = [places[i]! * dimension, places[i + 1]! * dimension];
      for (let j = 0; j < dimension; j++) {
        const x = axes[a + j]!;
        const y = axes[b + j]!;
        axes[a + j] = (x + y) * Math.SQRT1_2;
        axes[b + j] = (x - y) * Math.SQRT1_2;
      }
    }
    yield;
  }
  const columns = Math.ceil(dimension / 4) * 4;
  const matrix = new Float32Array(count * columns);
  for (let i = 0; i < count; i++) matrix.set(axes.subarray(i * dimension, (i + 1) * dimension), i * columns);
  return { count, matrix, error: yield* errorOf(matrix, count, columns) };
}

/**
 * The most that float32 products with these axes can miss those with exact ones, as a length.
 *
 * With B the axes and U the nearest matrix whose rows are exactly at right angles, ‖B − U‖ ≤ ‖B Bᵀ − I‖ in Frobenius's norm. A
 * coordinate is summed in four lanes, with n = columns / 4 + 3 roundings one behind the other: |error| ≤ n u ‖b‖‖x‖, u = 2⁻²⁴, √count
 * times that for all.
 */
function* errorOf(matrix: Float32Array, count: number, columns: number): InSteps<number> {
  let square = 0;
  for (let i = 0; i < count; i++) {
    const a = matrix.subarray(i * columns, (i + 1) * columns);
    for (let j = 0; j <= i; j++) {
      const off = product(a, matrix.subarray(j * columns, (j + 1) * columns)) - (i === j ? 1 : 0);
      square += (i === j ? 1 : 2) * off * off;
    }
    yield;
  }
  const skew = Math.sqrt(square);
  const rounding = Math.sqrt(count) * (columns / 4 + 8) * 2 ** -24;
  // Vectors are at most 1.0006 long; the rest is room for second orders.
  return (skew + rounding) * 1.002;
}
