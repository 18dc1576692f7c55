import { betaQuantile } from "./incomplete-beta.ts";

/**
 * The deviate within which Student's t lies with so much confidence: 2.26 for nine degrees of freedom and 0.95. Infinity
 * without any.
 */
export function studentDeviate(degrees: number, confidence: number): number {
  if (!(degrees > 0)) return Number.POSITIVE_INFINITY;
  // P(|T| > t) is I_x(degrees/2, 1/2) at x = degrees/(degrees + t²).
  const x = betaQuantile(1 - confidence, degrees / 2, 0.5);
  return Math.sqrt(degrees * (1 / x - 1));
}
