import { expectBothKinds, type OperatingPoints } from "./operating-points.ts";
import { probit } from "./probit.ts";

/** A point of a ROC curve: what share of each kind of pair scores at least the threshold. */
export interface RocPoint {
  /** Infinity at the first point, which accepts nothing. */
  readonly threshold: number;
  /** False match rate, FAR. */
  readonly fmr: number;
  /** True match rate, TAR. */
  readonly tmr: number;
}

/** A point of a DET curve. */
export interface DetPoint {
  readonly threshold: number;
  readonly fmr: number;
  readonly fnmr: number;
  /** On the normal scale that makes two normal distributions a straight line. */
  readonly probitFmr: number;
  readonly probitFnmr: number;
}

/**
 * The ROC curve from (0, 0) to (1, 1), one point a threshold.
 *
 * Points on a line between their neighbours say nothing and are left out unless `every` is set; `maxPoints` then keeps
 * about so many, evenly along both axes and the decades of both error rates.
 *
 * Throws    FaceError USAGE without genuine or without impostor pairs
 */
export function rocPoints(
  points: OperatingPoints,
  options: { readonly every?: boolean; readonly maxPoints?: number } = {},
): RocPoint[] {
  expectBothKinds("ROC", points);
  const { threshold, genuine, impostor, genuinePairs, impostorPairs } = points;
  const at = (p: number): RocPoint =>
    p < 0
      ? { threshold: Number.POSITIVE_INFINITY, fmr: 0, tmr: 0 }
      : { threshold: threshold[p]!, fmr: impostor[p]! / impostorPairs, tmr: genuine[p]! / genuinePairs };
  if (options.every) return [-1, ...threshold.keys()].map(at);
  return thin(points, options.maxPoints ?? Number.POSITIVE_INFINITY).map(at);
}

/** The DET curve: the same decisions as {@link rocPoints} as two error rates. */
export function detPoints(
  points: OperatingPoints,
  options: { readonly maxPoints?: number } = {},
): DetPoint[] {
  return rocPoints(points, options).map(({ threshold, fmr, tmr }) => ({
    threshold,
    fmr,
    fnmr: 1 - tmr,
    probitFmr: probit(fmr),
    probitFnmr: probit(1 - tmr),
  }));
}

/**
 * The area under the ROC curve: the chance that a genuine pair scores above an impostor pair, ties counting half.
 *
 * Throws    FaceError USAGE without genuine or without impostor pairs
 */
export function areaUnderCurve(points: OperatingPoints): number {
  expectBothKinds("AUC", points);
  const { genuine, impostor, genuinePairs, impostorPairs } = points;
  // Twice the area in pairs of pairs: whole numbers, exact up to 10⁸ pairs.
  let area = 0;
  let g = 0;
  let n = 0;
  for (let p = 0; p < genuine.length; p++) {
    area += (impostor[p]! - n) * (genuine[p]! + g);
    g = genuine[p]!;
    n = impostor[p]!;
  }
  return area / (2 * genuinePairs * impostorPairs);
}

/** Indices of the corners of the curve, −1 for its start, at most `maxPoints`. */
function thin(
  { genuine, impostor, genuinePairs, impostorPairs }: OperatingPoints,
  maxPoints: number,
): number[] {
  const last = genuine.length - 1;
  const kept: number[] = [-1];
  // Half of the points for the two axes, half for eight decades of each error rate.
  const step = 4 / maxPoints;
  const decade = 10 ** (32 / maxPoints);
  let next = { genuine: 0, impostor: 0 };
  const keep = (p: number): void => {
    const [g, n] = [genuine[p]!, impostor[p]!];
    kept.push(p);
    next = {
      genuine: Math.min(g + step * genuinePairs, genuinePairs - (genuinePairs - g) / decade),
      impostor: Math.min(n + step * impostorPairs, Math.max(1, n * decade)),
    };
  };
  for (let p = 0; p <= last; p++) {
    if (p < last) {
      if (maxPoints < last && genuine[p]! < next.genuine && impostor[p]! < next.impostor) continue;
      const g = p === 0 ? 0 : genuine[p - 1]!;
      const n = p === 0 ? 0 : impostor[p - 1]!;
      const right = impostor[p + 1]! - impostor[p]!;
      const up = genuine[p + 1]! - genuine[p]!;
      if ((genuine[p]! - g) * right === up * (impostor[p]! - n)) continue;
    }
    keep(p);
  }
  return kept;
}
