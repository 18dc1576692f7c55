import {
  angleFromCosine,
  areaUnderCurve,
  errorCountsAt,
  type OperatingPoints,
  operatingPoints,
  trueAcceptRate,
} from "../../statistics/index.ts";

/** The success with which vectors tell people apart that training has not seen. */
export interface HeldOutVerification {
  readonly people: number;
  readonly faces: number;
  readonly genuinePairs: number;
  readonly impostorPairs: number;
  /** Chance that a pair of one person scores above a pair of two; 0.5 is guessing. */
  readonly auc: number;
  /**
   * Share of pairs decided rightly, pairs of one person and of two counting half each. The threshold for one half of
   * the people is chosen on the other.
   */
  readonly accuracy: number;
  /** Share of genuine pairs above the threshold that at most this share of impostor pairs passes. */
  readonly tarAtFar: readonly { readonly far: number; readonly tar: number }[];
  /** Mean angle between two pictures of one person, and of two people, in degrees. */
  readonly genuineDeg: number;
  readonly impostorDeg: number;
}

/** Rates of false matches that are reported, as far as there are pairs enough to measure them. */
const FARS = [1e-2, 1e-3, 1e-4];

/**
 * Scores all pairs of some people's faces.
 *
 * Shapes    vectors [faces · dimension], of length 1 each; labels [faces]
 * Returns   undefined when there are not both kinds of pairs
 */
export function verifyHeldOut(vectors: Float32Array, labels: Int32Array): HeldOutVerification | undefined {
  const points = pointsOfPairs(vectors, labels, () => true);
  if (points.genuinePairs === 0 || points.impostorPairs === 0) return undefined;
  return {
    people: new Set(labels).size,
    faces: labels.length,
    genuinePairs: points.genuinePairs,
    impostorPairs: points.impostorPairs,
    auc: areaUnderCurve(points),
    accuracy: crossAccuracy(vectors, labels, points),
    tarAtFar: FARS.flatMap((far) => {
      const rate = trueAcceptRate(points, far);
      return rate.kind === "measured" ? [{ far, tar: rate.tar }] : [];
    }),
    ...meanAngles(points),
  };
}

/** The operating points of all pairs of the faces whose label is chosen. */
function pointsOfPairs(
  vectors: Float32Array,
  labels: Int32Array,
  chosen: (label: number) => boolean,
): OperatingPoints {
  const faces = [...labels.keys()].filter((i) => chosen(labels[i]!));
  const dimension = vectors.length / labels.length;
  const count = (faces.length * (faces.length - 1)) / 2;
  const scores = new Float64Array(count);
  const same = new Uint8Array(count);
  let pair = 0;
  for (let a = 1; a < faces.length; a++) {
    const i = faces[a]!;
    for (let b = 0; b < a; b++, pair++) {
      const j = faces[b]!;
      let dot = 0;
      for (let k = 0; k < dimension; k++) dot += vectors[i * dimension + k]! * vectors[j * dimension + k]!;
      // Single precision, as the vectors are: equal pictures tie whatever the order of the sum.
      scores[pair] = Math.fround(dot);
      same[pair] = Number(labels[i] === labels[j]);
    }
  }
  return operatingPoints({ scores, same });
}

/** People with even numbers choose the threshold for those with odd ones, and the other way round. */
function crossAccuracy(vectors: Float32Array, labels: Int32Array, all: OperatingPoints): number {
  const rank = new Map([...new Set(labels)].sort((a, b) => a - b).map((label, i) => [label, i]));
  const halves = [0, 1].map((half) =>
    pointsOfPairs(vectors, labels, (label) => rank.get(label)! % 2 === half),
  );
  const whole = halves.every(({ genuinePairs, impostorPairs }) => genuinePairs > 0 && impostorPairs > 0);
  if (!whole) return balancedAccuracy(all, bestBalanced(all));
  const [even, odd] = halves as [OperatingPoints, OperatingPoints];
  return (balancedAccuracy(even, bestBalanced(odd)) + balancedAccuracy(odd, bestBalanced(even))) / 2;
}

function balancedAccuracy(points: OperatingPoints, threshold: number): number {
  const { falseMatches, falseNonMatches } = errorCountsAt(points, threshold);
  return 1 - (falseMatches / points.impostorPairs + falseNonMatches / points.genuinePairs) / 2;
}

/** The lowest genuine score of those that separate best when everything from it on counts as one person. */
function bestBalanced({
  threshold,
  genuine,
  impostor,
  genuinePairs,
  impostorPairs,
}: OperatingPoints): number {
  let best = 0;
  let found = 0;
  for (let p = threshold.length - 1; p >= 0; p--) {
    if (genuine[p] === (p === 0 ? 0 : genuine[p - 1])) continue;
    const accuracy = genuine[p]! / genuinePairs - impostor[p]! / impostorPairs;
    if (accuracy > best) [best, found] = [accuracy, threshold[p]!];
  }
  return found;
}

function meanAngles(points: OperatingPoints): Pick<HeldOutVerification, "genuineDeg" | "impostorDeg"> {
  const { threshold, genuine, impostor } = points;
  let [g, n] = [0, 0];
  for (let p = 0; p < threshold.length; p++) {
    const degrees = (angleFromCosine(threshold[p]!) * 180) / Math.PI;
    g += degrees * (genuine[p]! - (p === 0 ? 0 : genuine[p - 1]!));
    n += degrees * (impostor[p]! - (p === 0 ? 0 : impostor[p - 1]!));
  }
  return { genuineDeg: g / points.genuinePairs, impostorDeg: n / points.impostorPairs };
}
