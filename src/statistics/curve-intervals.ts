import type { EqualErrorRate } from "./equal-error-rate.ts";
import type { Interval } from "./identified-scores.ts";
import { type OperatingPoints, pointsWithin } from "./operating-points.ts";
import type { TalliedRates } from "./pair-tally.ts";
import { acceptedShare, rejectedShare } from "./rate-by-people.ts";
import type { RateInterval } from "./rate-interval.ts";
import type { TalliedScores } from "./tally-scores.ts";

/**
 * Thresholds at which a curve's intervals are looked up: impostor scores at ranks that rise by a seventh or more.
 *
 * @param most so many at most
 */
export function curveThresholds(
  { threshold, impostor, impostorPairs }: OperatingPoints,
  most = 64,
): number[] {
  const found: number[] = [];
  const growth = Math.max(1.15, impostorPairs ** (1 / most));
  for (let rank = 1; rank <= impostorPairs; rank = Math.max(rank + 1, Math.ceil(rank * growth))) {
    const place = pointsWithin(impostor, rank - 1);
    if (place < threshold.length) found.push(threshold[place]!);
  }
  // Above all scores nothing is accepted, which is a threshold too.
  return [...found, justAbove(threshold[0] ?? 1)];
}

/** The lowest score that is higher, nearly. */
export function justAbove(score: number): number {
  return score + Math.max(1e-6, Math.abs(score) * 1e-9);
}

/**
 * The place where the threshold of a false match rate lies: no lower than the lower bound of the rate reaches the target, no higher than the upper
 * bound does. Infinity where there are too few pairs for an upper bound as low as the target.
 */
export function thresholdInterval({ impostor }: TalliedScores, targetFmr: number): Interval {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  let sure = true;
  for (let t = impostor.threshold.length - 1; t >= 0; t--) {
    const rate = acceptedShare(impostor, t);
    sure &&= rate.high <= targetFmr;
    if (sure) high = impostor.threshold[t]!;
    low = impostor.threshold[t]!;
    if (rate.low > targetFmr) break;
  }
  return [low, high];
}

/**
 * The interval of the true accept rate at a false accept rate of the population, whose threshold is itself uncertain: the
 * uncertainties of the rate at the threshold, and of the threshold, combined by their squares.
 *
 * Returns   0 as lower bound where there are too few impostor pairs to bound the threshold
 * Source    Zou and Donner, "Construction of confidence limits about effect measures", 2008 (MOVER)
 */
export function acceptInterval(
  { genuine, impostor }: TalliedScores,
  threshold: number,
  targetFmr: number,
): Interval {
  const [lowest, highest] = thresholdInterval({ genuine, impostor }, targetFmr);
  const at = (wanted: number): RateInterval => acceptedShare(genuine, placeOf(genuine, wanted));
  const own = at(threshold);
  const down = own.rate - (highest === Number.POSITIVE_INFINITY ? 0 : at(highest).rate);
  const up = at(Math.min(lowest, threshold)).rate - own.rate;
  return [
    highest === Number.POSITIVE_INFINITY
      ? 0
      : Math.max(0, own.rate - Math.hypot(own.rate - own.low, Math.max(0, down))),
    Math.min(1, own.rate + Math.hypot(own.high - own.rate, Math.max(0, up))),
  ];
}

/**
 * The interval of the equal error rate. Near it the rate moves with both error rates, by how steeply the other one
 * changes there; their uncertainties are combined by their squares.
 *
 * Source    Zou and Donner, 2008 (MOVER)
 */
export function equalErrorInterval(
  { genuine, impostor }: TalliedScores,
  { rate, threshold }: EqualErrorRate,
  points: OperatingPoints,
): Interval {
  const fmr = acceptedShare(impostor, placeOf(impostor, threshold));
  const fnmr = rejectedShare(genuine, placeOf(genuine, threshold));
  if (rate === 0) return [0, Math.max(fmr.high, fnmr.high)];
  const weight = weightOfFmr(points, rate);
  const combine = (side: (own: RateInterval) => number): number =>
    Math.hypot(weight * side(fmr), (1 - weight) * side(fnmr));
  return [
    Math.max(0, rate - combine((own) => own.rate - own.low)),
    Math.min(1, rate + combine((own) => own.high - own.rate)),
  ];
}

/** By how much the equal error rate rises with the false match rate: how much of the change between two thresholds around it is in the other rate. */
function weightOfFmr(points: OperatingPoints, rate: number): number {
  const { genuine, impostor, genuinePairs, impostorPairs } = points;
  // From where the false match rate is half to where the false non-match rate is.
  const strict = Math.max(0, pointsWithin(impostor, (rate / 2) * impostorPairs) - 1);
  const lax = Math.min(genuine.length - 1, pointsWithin(genuine, (1 - rate / 2) * genuinePairs));
  const inGenuine = Math.max(0, genuine[lax]! - genuine[strict]!) / genuinePairs;
  const inImpostor = Math.max(0, impostor[lax]! - impostor[strict]!) / impostorPairs;
  return inGenuine + inImpostor === 0 ? 0.5 : inGenuine / (inGenuine + inImpostor);
}

/** The first threshold that is at least so high; the last of all where none is. */
function placeOf({ threshold }: TalliedRates, wanted: number): number {
  let low = 0;
  let high = threshold.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (threshold[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
