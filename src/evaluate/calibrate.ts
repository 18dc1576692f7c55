import { FaceError, seeded } from "../core/index.ts";
import type { Calibration, Pipeline } from "../models/index.ts";
import {
  bootstrapByIdentity,
  CONFIDENCE,
  clopperPearson,
  errorCountsAt,
  type Interval,
  likelihoodRatios,
  type OperatingPoints,
  operatingPoints,
  pointsWithin,
  trueAcceptRate,
} from "../statistics/index.ts";
import { FAILED_SCORE, type ScoredPairList } from "./score-pairs.ts";

/** What threshold a calibration is to have, and how its intervals are drawn. */
export interface CalibrateOptions {
  /** The false match rate that the threshold may not exceed. @default 0.001 */
  readonly targetFmr?: number | undefined;
  /** @default 1 */
  readonly seed?: number | undefined;
  /** @default 500 */
  readonly resamples?: number | undefined;
}

/** What the pairs were, for the file. */
export interface CalibrationData {
  readonly protocol: string;
  readonly pictures: number;
}

/** Cosines of the curve are multiples of 1 / this. */
const STEPS_PER_UNIT = 200;
const RESAMPLES = 500;

/**
 * What scores of a pipeline mean, from scored pairs of known people.
 *
 * The threshold is the lowest score that keeps the false match rate of these pairs within the target. Each rate's interval
 * is the wider of two: Clopper and Pearson's, which is exact for independent pairs, and that of draws of people, which
 * knows that pairs share them but sees no error that did not happen.
 *
 * Throws    FaceError USAGE when there are too few impostor pairs for the target, or no genuine ones
 */
export function calibrate(
  scored: ScoredPairList,
  pipeline: Pipeline,
  data: CalibrationData,
  options: CalibrateOptions = {},
): Calibration {
  const { targetFmr = 0.001, seed = 1, resamples = RESAMPLES } = options;
  if (!(targetFmr > 0 && targetFmr < 1)) {
    throw new FaceError("USAGE", `calibrate: expected a false match rate between 0 and 1, got ${targetFmr}`);
  }
  const points = operatingPoints(scored);
  const { genuinePairs, impostorPairs } = points;
  const best = trueAcceptRate(points, targetFmr);
  if (best.kind === "not-enough-impostors" || genuinePairs === 0) {
    const needed = best.kind === "measured" ? 1 : best.needed;
    throw new FaceError(
      "USAGE",
      `calibrate: expected at least ${needed} impostor pairs for a false match rate of ${targetFmr} and at least one genuine pair, got ${impostorPairs} and ${genuinePairs}`,
    );
  }
  if (best.threshold > 1) {
    throw new FaceError(
      "USAGE",
      `calibrate: expected a threshold within a false match rate of ${targetFmr}, got none: the highest scores are those of impostors`,
    );
  }
  const cosines = gridOf(points);
  const drawn = bootstrapByIdentity(
    scored,
    (own) => [thresholdWithin(own, targetFmr), ...cosines.flatMap((cosine) => ratesAt(own, cosine))],
    { random: seeded(seed), resamples },
  );
  const { falseMatches, falseNonMatches } = errorCountsAt(points, best.threshold);
  const seen = withoutFailures(scored);
  return {
    magic: "arcface-calibration",
    version: 2,
    pipeline,
    data: {
      protocol: data.protocol,
      sha256: scored.sha256,
      pictures: data.pictures,
      people: scored.people,
      genuinePairs,
      impostorPairs,
      failures: scored.failures.pictures,
    },
    intervals: {
      confidence: CONFIDENCE,
      method: "the wider of Clopper-Pearson and percentiles of people drawn with replacement",
      resamples,
      seed,
    },
    target: { fmr: targetFmr },
    threshold: best.threshold,
    thresholdInterval: [rounded(drawn[0]![0]), rounded(drawn[0]![1])],
    falseMatches,
    falseNonMatches,
    curve: cosines.map((cosine, i) => {
      const counts = errorCountsAt(points, cosine);
      return {
        cosine,
        fmr: rounded(counts.falseMatches / impostorPairs),
        fmrInterval: wider(counts.falseMatches, impostorPairs, drawn[1 + 2 * i]!),
        fnmr: rounded(counts.falseNonMatches / genuinePairs),
        fnmrInterval: wider(counts.falseNonMatches, genuinePairs, drawn[2 + 2 * i]!),
      };
    }),
    likelihoodRatio: likelihoodRatios(seen).map(({ from, log10 }) => ({
      from: rounded(from),
      log10: rounded(log10),
    })),
  };
}

/** The stretch of cosines in which rates change, in even steps, with a step more at either end. */
function gridOf({ threshold }: OperatingPoints): number[] {
  // Pairs that failed score lowest and are no reason to begin there.
  const failed = threshold[threshold.length - 1] === FAILED_SCORE ? 1 : 0;
  const lowest = threshold[Math.max(0, threshold.length - 1 - failed)]!;
  const first = Math.max(-STEPS_PER_UNIT, Math.floor(lowest * STEPS_PER_UNIT));
  const last = Math.min(STEPS_PER_UNIT, Math.ceil(threshold[0]! * STEPS_PER_UNIT) + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) / STEPS_PER_UNIT);
}

function ratesAt(points: OperatingPoints, cosine: number): [number, number] {
  const { falseMatches, falseNonMatches } = errorCountsAt(points, cosine);
  return [falseMatches / points.impostorPairs, falseNonMatches / points.genuinePairs];
}

/** The lowest threshold within a false match rate; 1 where only accepting nothing is. */
function thresholdWithin({ threshold, impostor, impostorPairs }: OperatingPoints, fmr: number): number {
  const within = pointsWithin(impostor, fmr * impostorPairs * (1 + 1e-12));
  return within === 0 ? 1 : threshold[within - 1]!;
}

function wider(events: number, trials: number, [low, high]: Interval): [number, number] {
  const exact = clopperPearson(events, trials);
  return [rounded(Math.min(exact.low, low)), rounded(Math.max(exact.high, high))];
}

/** What a score says is learnt from scores: pairs without one do not count here. */
function withoutFailures({ scores, same }: ScoredPairList): OperatingPoints {
  const kept = [...scores.keys()].filter((i) => scores[i] !== FAILED_SCORE);
  return operatingPoints({
    scores: Float64Array.from(kept, (i) => scores[i]!),
    same: Uint8Array.from(kept, (i) => same[i]!),
  });
}

/** Six digits: more than any interval holds. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
