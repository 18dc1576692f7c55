import { FaceError } from "../../core/index.ts";
import { clopperPearson, type RateInterval } from "./rate-interval.ts";

/** The error that is left after the worst pictures were set aside. */
export interface RejectPoint {
  /** Share of the genuine pairs set aside; 0 for none. */
  readonly rejected: number;
  /** Pairs of lower quality than this were set aside. */
  readonly minQuality: number;
  /** False non-match rate of the rest. */
  readonly fnmr: RateInterval;
}

/**
 * The false non-match rate at one threshold while pairs of rising quality are set aside. A curve that does not fall
 * says that the quality has nothing to do with recognition.
 *
 * @param scores of genuine pairs
 * @param quality of each pair: the lower of its two faces'; a detection score or the length of a feature
 * @param threshold stays the same throughout; chosen on all pairs
 * @param steps points of the curve @default 20; pairs of one quality are set aside together
 * Throws    FaceError SHAPE, USAGE for a quality that is not a number
 * Source    Grother and Tabassi, "Performance of biometric quality measures", 2007
 */
export function errorVersusReject(
  scores: Float64Array,
  quality: Float64Array,
  threshold: number,
  steps = 20,
): RejectPoint[] {
  if (scores.length !== quality.length) {
    throw new FaceError(
      "SHAPE",
      `reject: expected a quality a score, got ${quality.length} for ${scores.length}`,
    );
  }
  let missed = 0;
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(quality[i]))
      throw new FaceError("USAGE", `reject: expected a quality, got NaN for pair ${i}`);
    if (scores[i]! < threshold) missed++;
  }
  const sorted = quality.slice().sort();
  const misses = new Float64Array(missed);
  for (let i = 0, m = 0; i < scores.length; i++) if (scores[i]! < threshold) misses[m++] = quality[i]!;
  misses.sort();
  const points: RejectPoint[] = [];
  for (let step = 0; step < steps; step++) {
    const minQuality = sorted[Math.floor((step / steps) * sorted.length)];
    if (minQuality === undefined || minQuality === points[points.length - 1]?.minQuality) continue;
    const set = countBelow(sorted, minQuality);
    const fnmr = clopperPearson(misses.length - countBelow(misses, minQuality), sorted.length - set);
    points.push({ rejected: set / sorted.length, minQuality, fnmr });
  }
  return points;
}

function countBelow(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
