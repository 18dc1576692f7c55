import { internal } from "../core/index.ts";

/** Smallest argument for which Stirling's series is exact to the last bit but one. */
const STIRLING_FROM = 15;
const HALF_LOG_TWO_PI = 0.9189385332046728;
/** The continued fraction takes about √max(a, b) steps; this many would do for 10¹⁰ pairs. */
const MAX_STEPS = 400_000;

/** ln Γ(z) for z > 0. */
export function logGamma(z: number): number {
  let shift = 0;
  let at = z;
  for (; at < STIRLING_FROM; at++) shift += Math.log(at);
  return (at - 0.5) * Math.log(at) - at + HALF_LOG_TWO_PI + stirlingSeries(at) - shift;
}

/**
 * The regularised incomplete beta function I_x(a, b): the share of a beta distribution below x.
 *
 * The factor before the continued fraction is written with differences from the distribution's own mean, so that
 * it keeps its digits for counts of 10⁸, where x^a and B(a, b) alone would lose half of them.
 *
 * @param x in [0, 1]
 * @param a above 0
 * @param b above 0
 * Source    Didonato and Morris, "Algorithm 708", 1992, for the continued fraction; Loader, "Fast and accurate
 *           computation of binomial probabilities", 2000, for the factor
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return x < (a + 1) / (a + b + 2)
    ? (densityFactor(x, a, b) * fraction(x, a, b)) / a
    : 1 - (densityFactor(1 - x, b, a) * fraction(1 - x, b, a)) / b;
}

/**
 * The x with I_x(a, b) = share.
 *
 * Newton's method on ln x, kept inside a shrinking bracket: quantiles of 10⁻⁹ come out with as many right digits as
 * those of a half.
 *
 * @param share in (0, 1)
 */
export function betaQuantile(share: number, a: number, b: number): number {
  let low = -745;
  let high = 0;
  let at = Math.log(a / (a + b));
  for (let step = 0; step < 200; step++) {
    const x = Math.exp(at);
    const error = incompleteBeta(x, a, b) - share;
    if (error > 0) high = at;
    else low = at;
    const newton = error / (densityFactor(x, a, b) / (1 - x));
    if (Math.abs(newton) < 1e-15 * Math.max(1, Math.abs(at))) return x;
    const next = at - newton;
    at = next > low && next < high ? next : (low + high) / 2;
    if (high - low < 1e-15) return Math.exp(at);
  }
  return Math.exp(at);
}

/** x^a (1 − x)^b / B(a, b). */
function densityFactor(x: number, a: number, b: number): number {
  const mean = a / (a + b);
  const exponent =
    a * logRatio(x, mean) +
    b * logRatio(1 - x, b / (a + b), mean - x) +
    0.5 * Math.log((a / (a + b)) * b) -
    HALF_LOG_TWO_PI -
    stirlingError(a) -
    stirlingError(b) +
    stirlingError(a + b);
  return Math.exp(exponent);
}

/** ln(value / reference), exact when the two are close; `difference` is theirs when it is known more exactly. */
function logRatio(value: number, reference: number, difference = value - reference): number {
  const relative = difference / reference;
  return Math.abs(relative) < 0.3 ? Math.log1p(relative) : Math.log(value / reference);
}

/** The part of ln Γ(z) that Stirling's formula leaves out. */
function stirlingError(z: number): number {
  return z >= STIRLING_FROM
    ? stirlingSeries(z)
    : logGamma(z) - ((z - 0.5) * Math.log(z) - z + HALF_LOG_TWO_PI);
}

function stirlingSeries(z: number): number {
  const s = 1 / (z * z);
  return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - (s * 691) / 360360))))) / z;
}

/** The continued fraction of the incomplete beta function, by Lentz's method. */
function fraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 - ((a + b) * x) / (a + 1);
  d = 1 / (Math.abs(d) < tiny ? tiny : d);
  let value = d;
  const fold = (term: number): number => {
    d = 1 + term * d;
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    c = 1 + term / c;
    if (Math.abs(c) < tiny) c = tiny;
    value *= c * d;
    return c * d;
  };
  for (let m = 1; m <= MAX_STEPS; m++) {
    fold((m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)));
    const change = fold((-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)));
    if (Math.abs(change - 1) < 1e-15) return value;
  }
  throw internal(`the incomplete beta function of ${x}, ${a}, ${b} does not converge`);
}
