import { FaceError } from "../core/index.ts";

/** Feature vectors with the class that each belongs to. */
export interface LabelledFeatures {
  /** Shapes [count, dimension], row-major. Only directions count: rows need not have length 1. */
  readonly features: Float32Array;
  readonly dimension: number;
  /** Shapes [count]; whole numbers from 0, not necessarily all of them in use. */
  readonly labels: ArrayLike<number>;
}

/** The tightness of classes and their distance from each other, as angles in degrees at the origin. */
export interface FeatureSpace {
  readonly count: number;
  /** Classes with at least one vector. */
  readonly classes: number;
  /** Mean angle from a vector to the centre of its own class. */
  readonly intraDeg: number;
  /** Mean angle between two vectors of one class; NaN when no class has two. */
  readonly intraPairDeg: number;
  /** Mean angle between the centres of two classes. */
  readonly interDeg: number;
  /** The smallest of those angles. */
  readonly interMinDeg: number;
  /**
   * The margin left between classes: how much further the nearest other centre is than a vector's own, on average.
   * Below 0 for a vector on the wrong side.
   */
  readonly marginDeg: number;
  /** The margin that 95 % of the vectors have at least. */
  readonly margin95Deg: number;
  /** Share of vectors whose nearest centre is their own. */
  readonly nearestCentreAccuracy: number;
  /** Mean silhouette over all vectors with cosine distance, in [−1, 1]. */
  readonly silhouette: number;
}

/**
 * Measures a feature space. A class's centre is the direction of the mean of its vectors' directions.
 *
 * Everything is exact: the silhouette too, because the mean cosine distance from x to a class is 1 − ⟨x, mean of the
 * class⟩, so that no pairs have to be visited for it. Only `intraPairDeg` visits them, within each class.
 *
 * Formula   silhouette (b − a)/max(a, b), a the mean distance to the others of its class, b to the nearest other class;
 *           0 in a class of one
 * Throws    FaceError SHAPE, ZERO_VECTOR, USAGE with fewer than two classes
 * Source    Rousseeuw, Silhouettes: a graphical aid to the interpretation and validation of cluster analysis, 1987
 */
export function measureFeatureSpace(labelled: LabelledFeatures): FeatureSpace {
  const { dimension, labels } = labelled;
  const space = spaceOf(labelled);
  const { units, present, sums, sizes, centres } = space;
  const { own, nearest } = anglesIn(space, labelled);
  const count = labels.length;
  const between = pairsOf(centres).map(([a, b]) => degrees(dot(a, 0, b, 0, dimension)));
  let silhouette = 0;
  for (let i = 0; i < count; i++) {
    const label = labels[i]!;
    const size = sizes[label]!;
    if (size === 1) continue;
    const toClass = (other: number): number => dot(units, i * dimension, sums, other * dimension, dimension);
    const within = (size - toClass(label)) / (size - 1);
    const others = present.filter((other) => other !== label);
    const distance = Math.min(...others.map((other) => 1 - toClass(other) / sizes[other]!));
    const larger = Math.max(within, distance);
    silhouette += larger > 0 ? (distance - within) / larger : 0;
  }
  const margins = nearest.map((angle, i) => angle - own[i]!);
  return {
    count,
    classes: present.length,
    intraDeg: mean(own),
    intraPairDeg: meanPairAngle(units, labelled, present),
    interDeg: mean(between),
    interMinDeg: Math.min(...between),
    marginDeg: mean(margins),
    margin95Deg: margins.toSorted()[Math.floor(0.05 * count)]!,
    nearestCentreAccuracy: margins.filter((margin) => margin > 0).length / count,
    silhouette: silhouette / count,
  };
}

/** Angles of each vector to centres of classes, in degrees. */
export interface CentreAngles {
  /** To the centre of its own class. Shapes [count] */
  readonly own: Float64Array;
  /** To the nearest of the other classes' centres. Shapes [count] */
  readonly nearest: Float64Array;
}

/** The angles behind {@link measureFeatureSpace}, one by one. Throws as it does. */
export function centreAngles(labelled: LabelledFeatures): CentreAngles {
  return anglesIn(spaceOf(labelled), labelled);
}

interface Space {
  /** Shapes [count, dimension], rows of length 1 */
  readonly units: Float64Array;
  /** Labels in use, rising, and the direction of the mean of each. */
  readonly present: readonly number[];
  readonly centres: readonly Float64Array[];
  /** Sums of directions and numbers of vectors by label. */
  readonly sums: Float64Array;
  readonly sizes: Float64Array;
}

function spaceOf(labelled: LabelledFeatures): Space {
  const { dimension } = labelled;
  const units = unitRows(labelled);
  const { sums, sizes } = classSums(units, labelled);
  const present = [...sizes.keys()].filter((label) => sizes[label]! > 0);
  if (present.length < 2)
    throw new FaceError("USAGE", {
      where: "feature space",
      expected: "at least 2 classes",
      got: present.length,
    });
  const centres = present.map((label) =>
    unit(sums.subarray(label * dimension, (label + 1) * dimension), label),
  );
  return { units, present, centres, sums, sizes };
}

function anglesIn({ units, present, centres }: Space, { dimension, labels }: LabelledFeatures): CentreAngles {
  const own = new Float64Array(labels.length);
  const nearest = new Float64Array(labels.length).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < labels.length; i++) {
    for (const [c, label] of present.entries()) {
      const angle = degrees(dot(units, i * dimension, centres[c]!, 0, dimension));
      if (label === labels[i]) own[i] = angle;
      else nearest[i] = Math.min(nearest[i]!, angle);
    }
  }
  return { own, nearest };
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Rows scaled to length 1, in double precision. */
function unitRows({ features, dimension, labels }: LabelledFeatures): Float64Array {
  if (features.length !== labels.length * dimension) {
    throw new FaceError("SHAPE", {
      where: "feature space",
      expected: `[${labels.length}, ${dimension}] numbers`,
      got: features.length,
    });
  }
  const units = Float64Array.from(features);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!(Number.isInteger(label) && label >= 0))
      throw new FaceError("USAGE", {
        where: "feature space",
        expected: "labels from 0",
        got: `${label} at ${i}`,
      });
    units.set(unit(units.subarray(i * dimension, (i + 1) * dimension), i), i * dimension);
  }
  return units;
}

function unit(row: Float64Array, which: number): Float64Array {
  const square = dot(row, 0, row, 0, row.length);
  if (!(square > 0) || !Number.isFinite(square))
    throw new FaceError("ZERO_VECTOR", {
      where: "feature space",
      expected: "a direction",
      got: `length² ${square} at ${which}`,
    });
  const length = Math.sqrt(square);
  return row.map((value) => value / length);
}

function classSums(
  units: Float64Array,
  { dimension, labels }: LabelledFeatures,
): { sums: Float64Array; sizes: Float64Array } {
  let last = -1;
  for (let i = 0; i < labels.length; i++) last = Math.max(last, labels[i]!);
  const sums = new Float64Array((last + 1) * dimension);
  const sizes = new Float64Array(last + 1);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    sizes[label]!++;
    for (let d = 0; d < dimension; d++) sums[label * dimension + d]! += units[i * dimension + d]!;
  }
  return { sums, sizes };
}

function meanPairAngle(
  units: Float64Array,
  { dimension, labels }: LabelledFeatures,
  present: readonly number[],
): number {
  let sum = 0;
  let pairs = 0;
  const members = new Map<number, number[]>(present.map((label) => [label, []]));
  for (let i = 0; i < labels.length; i++) members.get(labels[i]!)!.push(i * dimension);
  for (const rows of members.values()) {
    for (let i = 0; i < rows.length; i++) {
      for (let j = i + 1; j < rows.length; j++)
        sum += degrees(dot(units, rows[i]!, units, rows[j]!, dimension));
    }
    pairs += (rows.length * (rows.length - 1)) / 2;
  }
  return sum / pairs;
}

function pairsOf<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((a, i) => items.slice(i + 1).map((b): [T, T] => [a, b]));
}

function dot(a: Float64Array, fromA: number, b: Float64Array, fromB: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[fromA + i]! * b[fromB + i]!;
  return sum;
}

function degrees(cosine: number): number {
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}
