/** Nodes that a spline of degree 5 touches. */
export const SPLINE_NODES = 6;

/**
 * The six weights of the B-spline of degree 5 for a point `u` of the way from its third node to its fourth.
 *
 * Ranges    u in [0, 1); the weights sum to 1
 */
export function splineWeights(u: number, weights: Float64Array): void {
  const v = 1 - u;
  const u2 = u * u;
  const v2 = v * v;
  const u4 = u2 * u2;
  const v4 = v2 * v2;
  weights[0] = (v4 * v) / 120;
  weights[5] = (u4 * u) / 120;
  weights[1] = secondWeight(v);
  weights[4] = secondWeight(u);
  weights[2] = middleWeight(u);
  weights[3] = middleWeight(v);
}

/** The derivatives of {@link splineWeights} by `u`; they sum to 0. */
export function splineSlopes(u: number, slopes: Float64Array): void {
  const v = 1 - u;
  const u2 = u * u;
  const v2 = v * v;
  slopes[0] = -(v2 * v2) / 24;
  slopes[5] = (u2 * u2) / 24;
  slopes[1] = -secondSlope(v);
  slopes[4] = secondSlope(u);
  slopes[2] = middleSlope(u);
  slopes[3] = -middleSlope(v);
}

function secondWeight(t: number): number {
  return (1 + t * (5 + t * (10 + t * (10 + t * (5 - 5 * t))))) / 120;
}

function secondSlope(t: number): number {
  return (5 + t * (20 + t * (30 + t * (20 - 25 * t)))) / 120;
}

function middleWeight(t: number): number {
  const t2 = t * t;
  return (66 + t2 * (-60 + t2 * (30 - 10 * t))) / 120;
}

function middleSlope(t: number): number {
  const t2 = t * t;
  return (t * (-120 + t2 * (120 - 50 * t))) / 120;
}
