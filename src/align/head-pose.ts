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

/**
 * Fits a head to five landmarks: the rotation, scale and place whose parallel projection comes closest to them. Heads differ
 * from the mean head, and landmarks are off by some hundredths of the eye distance: angles are good to several degrees.
 *
 * Returns   undefined for landmarks without extent
 */
export function headPose<S extends Space>(landmarks: Landmarks<S>): HeadPose | undefined {
  const centre = mean(landmarks);
  const points = landmarks.map(({ x, y }): Pair => [x - centre.x, y - centre.y]);
  const extent = points.reduce((sum, [x, y]) => sum + x * x + y * y, 0);
  if (!(extent > 0) || !Number.isFinite(extent)) return undefined;
  const [left, right] = landmarks;
  const roll = Math.atan2(right.y - left.y, right.x - left.x);
  // Beginning on either side and above and below, for the error has more than one valley.
  let best: { readonly angles: Angles; readonly error: number } | undefined;
  for (const [yaw, pitch] of [
    [0, 0],
    [0.7, 0],
    [-0.7, 0],
    [0, 0.5],
    [0, -0.5],
  ] as const) {
    const found = descend([yaw, pitch, roll], points);
    if (!best || found.error < best.error - 1e-12) best = found;
  }
  const [yaw, pitch, rolled] = best!.angles.map((angle) => (angle * 180) / Math.PI) as Angles;
  return { yaw, pitch, roll: rolled - 360 * Math.round(rolled / 360) };
}

type Angles = [yaw: number, pitch: number, roll: number];
type Pair = readonly [number, number];

/** Levenberg and Marquardt's descent over the three angles; the scale that fits best is known for each. */
function descend(start: Angles, points: readonly Pair[]): { angles: Angles; error: number } {
  let angles = start;
  let residuals = residualsOf(angles, points);
  let error = squared(residuals);
  let damping = 1e-3;
  for (let round = 0; round < ROUNDS; round++) {
    const step = 1e-5;
    const slopes = angles.map((_, k) => {
      const moved = residualsOf(angles.map((angle, i) => (i === k ? angle + step : angle)) as Angles, points);
      return moved.map((value, i) => (value - residuals[i]!) / step);
    });
    const normal = slopes.map((a) => slopes.map((b) => inner(a, b)));
    const gradient = slopes.map((a) => -inner(a, residuals));
    const damped = normal.map((row, i) =>
      row.map((value, j) => (i === j ? value * (1 + damping) + 1e-12 : value)),
    );
    const change = solve3(damped, gradient);
    const next = angles.map((angle, i) => angle + change[i]!) as Angles;
    next[0] = Math.min(LIMIT, Math.max(-LIMIT, next[0]));
    next[1] = Math.min(LIMIT, Math.max(-LIMIT, next[1]));
    const then = residualsOf(next, points);
    const lower = squared(then);
    if (lower < error) {
      const settled = error - lower < 1e-14 * (1 + error);
      [angles, residuals, error] = [next, then, lower];
      damping /= 4;
      if (settled) break;
    } else if (damping > 1e8) break;
    else damping *= 8;
  }
  return { angles, error };
}

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

/** The part that the best scale leaves, as a share of the points' extent; [10]. */
function residualsOf(angles: Angles, points: readonly Pair[]): number[] {
  const projected = projectHead(angles);
  const middle = [0, 1].map(
    (axis) => projected.reduce((sum, point) => sum + point[axis]!, 0) / points.length,
  );
  const model = projected.flatMap(([x, y]) => [x - middle[0]!, y - middle[1]!]);
  const wanted = points.flat();
  const length = Math.sqrt(squared(wanted));
  const scale = Math.max(0, inner(model, wanted) / squared(model));
  return model.map((value, i) => (scale * value - wanted[i]!) / length);
}

function solve3(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const determinant = (m: readonly (readonly number[])[]): number =>
    m[0]![0]! * (m[1]![1]! * m[2]![2]! - m[1]![2]! * m[2]![1]!) -
    m[0]![1]! * (m[1]![0]! * m[2]![2]! - m[1]![2]! * m[2]![0]!) +
    m[0]![2]! * (m[1]![0]! * m[2]![1]! - m[1]![1]! * m[2]![0]!);
  const whole = determinant(matrix);
  if (!(Math.abs(whole) > 0)) return [0, 0, 0];
  return [0, 1, 2].map(
    (k) => determinant(matrix.map((row, i) => row.map((value, j) => (j === k ? right[i]! : value)))) / whole,
  );
}

function inner(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function squared(values: readonly number[]): number {
  return inner(values, values);
}

function mean(points: readonly Point<Space>[]): { x: number; y: number } {
  const sum = (of: (point: Point<Space>) => number): number =>
    points.reduce((total, point) => total + of(point), 0) / points.length;
  return { x: sum(({ x }) => x), y: sum(({ y }) => y) };
}
