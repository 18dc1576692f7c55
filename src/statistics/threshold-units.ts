/** The cosine of two unit vectors at a squared Euclidean distance in [0, 4]. */
export function cosineFromSquaredDistance(squaredDistance: number): number {
  return 1 - squaredDistance / 2;
}

/** The squared Euclidean distance, in [0, 4], of two unit vectors with a cosine. */
export function squaredDistanceFromCosine(cosine: number): number {
  return 2 - 2 * cosine;
}

/** The cosine of an angle in radians, [0, π]. */
export function cosineFromAngle(angleRad: number): number {
  return Math.cos(angleRad);
}

/** The angle in radians, [0, π], between two unit vectors with a cosine. */
export function angleFromCosine(cosine: number): number {
  return Math.acos(Math.min(1, Math.max(-1, cosine)));
}

/** One threshold in every unit in circulation. */
export interface ThresholdUnits {
  readonly cosine: number;
  /** 1 − cosine. */
  readonly cosineDistance: number;
  readonly squaredDistance: number;
  readonly distance: number;
  readonly angleDeg: number;
}

/** A cosine threshold as others write it down. */
export function thresholdUnits(cosine: number): ThresholdUnits {
  const squaredDistance = squaredDistanceFromCosine(cosine);
  return {
    cosine,
    cosineDistance: 1 - cosine,
    squaredDistance,
    distance: Math.sqrt(Math.max(0, squaredDistance)),
    angleDeg: (angleFromCosine(cosine) * 180) / Math.PI,
  };
}
