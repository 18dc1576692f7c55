import type { Landmarks, Point, Space } from "../core/index.ts";

/**
 * Yaw, pitch and roll of a head in degrees, as the camera sees it. All three are 0 for a face that looks into the camera upright.
 *
 * Ranges    yaw and pitch −90…90, roll −180…180
 */
export interface HeadPose {
  /** To the picture's right, which is the person's left, when positive. */
  readonly yaw: number;
  /** Upwards when positive. */
  readonly pitch: number;
  /** Clockwise in the picture when positive. */
  readonly roll: number;
}

/**
 * The five landmarks on a head, in eye distances: x to the picture's right, y down, z towards the camera. Across and down
 * they are those of the ArcFace template, which is a mean of frontal faces; the nose's tip stands out by 0.4, between what
 * skulls and common 3-D face models have.
 */
const HEAD: readonly (readonly [number, number, number])[] = [
  [-0.5, -0.5, 0],
  [0.5, -0.5, 0],
  [0, 0.07, 0.4],
  [-0.414, 0.655, 0],
  [0.414, 0.655, 0],
];

/** Rounds of the fit; it settles in five to eight. */
const ROUNDS = 20;
const LIMIT = Math.PI / 2;

/** Fits begin on either side and above and below, for the error has more than one valley. In radians. */
const STARTS = [
  [0, 0],
  [0.7, 0],
  [-0.7, 0],
  [0, 0.5],
  [0, -0.5],
] as const;

/**
 * Fits a head to five landmarks: the rotation, scale and place whose parallel projection comes closest to them. Heads differ
 * from the mean head, and landmarks are off by some hundredths of the eye distance: angles are good to several degrees.
 *
 * Returns   undefined for landmarks without extent
 */
export function headPose<S extends Space>(landmarks: Landmarks<S>): HeadPose | undefined {
  const points = ofUnitExtent(landmarks);
  if (!points) return undefined;
  let best: Fit | undefined;
  for (const [yaw, pitch] of STARTS) {
    const found = descend(fitHead(yaw, pitch, points), points);
    if (!best || found.error < best.error - 1e-12) best = found;
  }
  const [yaw, pitch, roll] = [best!.yaw, best!.pitch, best!.roll].map((angle) => (angle * 180) / Math.PI);
  return { yaw: yaw!, pitch: pitch!, roll: roll! };
}

/** A head turned to a side and up, in the scale, tilt and place that fit the points best; angles in radians. */
interface Fit {
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
  /** The distances that are left, x and y of each point in turn; [10]. */
  readonly residuals: readonly number[];
  /** The sum of their squares, as a share of the points' extent. */
  readonly error: number;
}

/** Levenberg and Marquardt's descent over two angles; what else fits best is known for each pair of them. */
function descend(start: Fit, points: readonly number[]): Fit {
  let fit = start;
  let damping = 1e-3;
  for (let round = 0; round < ROUNDS; round++) {
    const step = 1e-5;
    const turned = fitHead(fit.yaw + step, fit.pitch, points).residuals;
    const raised = fitHead(fit.yaw, fit.pitch + step, points).residuals;
    let [aa, ab, bb, towardsA, towardsB] = [0, 0, 0, 0, 0];
    for (let i = 0; i < turned.length; i++) {
      const residual = fit.residuals[i]!;
      const [a, b] = [(turned[i]! - residual) / step, (raised[i]! - residual) / step];
      aa += a * a;
      ab += a * b;
      bb += b * b;
      towardsA -= a * residual;
      towardsB -= b * residual;
    }
    aa = aa * (1 + damping) + 1e-12;
    bb = bb * (1 + damping) + 1e-12;
    const determinant = aa * bb - ab * ab;
    const next = fitHead(
      within(fit.yaw + (towardsA * bb - towardsB * ab) / determinant),
      within(fit.pitch + (towardsB * aa - towardsA * ab) / determinant),
      points,
    );
    if (next.error < fit.error) {
      const settled = fit.error - next.error < 1e-14 * (1 + fit.error);
      fit = next;
      damping /= 4;
      if (settled) break;
    } else if (damping > 1e8) break;
    else damping *= 8;
  }
  return fit;
}

function within(angle: number): number {
  return Math.min(LIMIT, Math.max(-LIMIT, angle));
}

/**
 * The scale and the tilt that bring a turned head closest to the points: one complex number, by which the head's points are
 * multiplied.
 *
 * Formula   (Σ w·m̄) / Σ |m|² for points w and a head m about their middles
 */
function fitHead(yaw: number, pitch: number, points: readonly number[]): Fit {
  const head = turnedHead(yaw, pitch);
  let [real, imaginary, extent] = [0, 0, 0];
  for (let i = 0; i < head.length; i += 2) {
    const [x, y] = [head[i]!, head[i + 1]!];
    real += points[i]! * x + points[i + 1]! * y;
    imaginary += points[i + 1]! * x - points[i]! * y;
    extent += x * x + y * y;
  }
  real /= extent;
  imaginary /= extent;
  const residuals: number[] = [];
  let error = 0;
  for (let i = 0; i < head.length; i += 2) {
    const left = real * head[i]! - imaginary * head[i + 1]! - points[i]!;
    const below = imaginary * head[i]! + real * head[i + 1]! - points[i + 1]!;
    residuals.push(left, below);
    error += left * left + below * below;
  }
  return { yaw, pitch, roll: Math.atan2(imaginary, real), residuals, error };
}

/** {@link projectHead} upright, about the points' middle, x and y in turn; this is where the fit's time goes. */
function turnedHead(yaw: number, pitch: number): number[] {
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  const head: number[] = [];
  let [middleX, middleY] = [0, 0];
  for (let i = 0; i < HEAD.length; i++) {
    const point = HEAD[i]!;
    const x = cy * point[0] + sy * point[2];
    const y = cp * point[1] - sp * (cy * point[2] - sy * point[0]);
    head.push(x, y);
    middleX += x / HEAD.length;
    middleY += y / HEAD.length;
  }
  for (let i = 0; i < head.length; i += 2) {
    head[i]! -= middleX;
    head[i + 1]! -= middleY;
  }
  return head;
}

type Pair = readonly [number, number];

/** Projection of a head that is turned so, without scale and place; [5]. */
export function projectHead([yaw, pitch, roll]: readonly [number, number, number]): Pair[] {
  const [cy, sy, cp, sp, cr, sr] = [yaw, pitch, roll].flatMap((angle) => [
    Math.cos(angle),
    Math.sin(angle),
  ]) as [number, number, number, number, number, number];
  return HEAD.map(([x, y, z]) => {
    const [turnedX, turnedZ] = [cy * x + sy * z, cy * z - sy * x];
    const raisedY = cp * y - sp * turnedZ;
    return [cr * turnedX - sr * raisedY, sr * turnedX + cr * raisedY];
  });
}

/** The landmarks about their middle, x and y in turn, so large that their squares have the sum 1. */
function ofUnitExtent(landmarks: Landmarks<Space>): number[] | undefined {
  const sum = (of: (point: Point<Space>) => number): number =>
    landmarks.reduce((total, point) => total + of(point), 0);
  const [x, y] = [sum((point) => point.x) / landmarks.length, sum((point) => point.y) / landmarks.length];
  const extent = sum((point) => (point.x - x) ** 2 + (point.y - y) ** 2);
  if (!(extent > 0) || !Number.isFinite(extent)) return undefined;
  const length = Math.sqrt(extent);
  return landmarks.flatMap((point) => [(point.x - x) / length, (point.y - y) / length]);
}
