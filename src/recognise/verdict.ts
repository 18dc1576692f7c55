import { FaceError } from "../core/index.ts";
import {
  type Calibration,
  expectCalibrationFor,
  findCalibration,
  type ModelStore,
  misfitOf,
  type Pipeline,
  readCalibration,
} from "../models/index.ts";

/** An error rate at a score, with its interval. */
export interface ErrorRate {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** The calibration's statement about one score. */
export interface ScoreEvidence {
  /** Share of impostor pairs that score as high or higher; what accepting from this score on would let through. */
  readonly fmr: ErrorRate;
  /** Share of genuine pairs that score lower; what accepting from this score on would turn away. */
  readonly fnmr: ErrorRate;
  readonly likelihood: Likelihood;
  /** The same false match rate among pairs of people who look alike; empty where the calibration has none. */
  readonly lookAlikes: readonly LookAlikeRate[];
}

/** Share of the pairs of look-alikes that score as high or higher. */
export interface LookAlikeRate {
  /** Share of the other people that counts as look-alikes: the nearest. */
  readonly nearest: number;
  readonly fmr: ErrorRate;
}

/** log₁₀ of how much more often such a score comes from one person than from two; 0 says nothing. */
export interface Likelihood {
  /** From the pairs that score about as much; null where one of the kinds has none: then only a bound is known. */
  readonly log10: number | null;
  /** Ends of its interval; null for one that the pairs say nothing about. */
  readonly low: number | null;
  readonly high: number | null;
}

/** On which side of a threshold a cosine lies, and what is known about it. */
export interface Verdict {
  readonly same: boolean;
  readonly threshold: number;
  /** Absent for a threshold of the caller's own without a calibration. */
  readonly evidence?: ScoreEvidence;
  readonly calibration?: Calibration;
}

/** Where thresholds come from. */
export interface VerdictOptions {
  /** A calibration or the path of one, instead of what is installed for the model; it has to be for this model. */
  readonly calibration?: string | Calibration | undefined;
  /** A cosine of the caller's own; beats the calibration's, whose evidence is still given. */
  readonly threshold?: number | undefined;
}

/** The judge of scores: a calibration, or the reason why there is none. */
export type Judge =
  | { readonly kind: "calibrated"; readonly calibration: Calibration }
  | { readonly kind: "uncalibrated"; readonly reason: string };

/**
 * The calibration for what computes the scores: the caller's, or the one that lies ready.
 *
 * A caller's calibration for something else, or of an earlier version, is refused; one that lies ready is then passed
 * over, with the reason.
 *
 * Throws    FaceError MODEL_MISMATCH naming both contracts, BAD_FILE
 */
export async function findJudge(
  store: ModelStore,
  used: Pipeline,
  modelPath: string | undefined,
  given: string | Calibration | undefined,
): Promise<Judge> {
  if (given !== undefined) {
    const calibration = typeof given === "string" ? await readCalibration(given) : given;
    expectCalibrationFor(calibration, used, typeof given === "string" ? given : "calibration");
    return { kind: "calibrated", calibration };
  }
  const calibration = await findCalibration(store, used, modelPath).catch((error: unknown) => {
    if (error instanceof FaceError && error.code === "MODEL_MISMATCH") return error;
    throw error;
  });
  if (calibration instanceof FaceError) return { kind: "uncalibrated", reason: calibration.message };
  if (!calibration)
    return {
      kind: "uncalibrated",
      reason: `there is no calibration for ${used.model.id}${used.flip ? " with --flip" : ""}`,
    };
  const misfit = misfitOf(calibration, used);
  return misfit === undefined
    ? { kind: "calibrated", calibration }
    : { kind: "uncalibrated", reason: `the calibration of ${used.model.id} was ${misfit}` };
}

/**
 * The verdict on a cosine; undefined, which is to say uncalibrated, without a calibration and without a threshold.
 *
 * Rates are read off the curve on the side that does not flatter: the false match rate of the next cosine of the curve
 * below the score, the false non-match rate of the next above.
 */
export function judge(cosine: number, judge: Judge, threshold?: number): Verdict | undefined {
  if (judge.kind === "uncalibrated") {
    return threshold === undefined ? undefined : { same: cosine >= threshold, threshold };
  }
  const { calibration } = judge;
  const limit = threshold ?? calibration.threshold;
  return { same: cosine >= limit, threshold: limit, evidence: evidenceOf(cosine, calibration), calibration };
}

/** A calibration's statement about a cosine. */
export function evidenceOf(
  cosine: number,
  { curve, likelihoodRatio, lookAlikes = [] }: Calibration,
): ScoreEvidence {
  const above = curve.findIndex((point) => point.cosine >= cosine);
  const upper = curve[above === -1 ? curve.length - 1 : above]!;
  const lower = above === -1 ? upper : upper.cosine === cosine ? upper : curve[Math.max(above - 1, 0)]!;
  return {
    fmr: rateOf(lower.fmr, lower.fmrInterval),
    // Beyond the last point of the curve nothing is known but that all were below it.
    fnmr:
      above === -1 ? { ...rateOf(1, [upper.fnmrInterval[0], 1]) } : rateOf(upper.fnmr, upper.fnmrInterval),
    likelihood: likelihoodAt(cosine, likelihoodRatio),
    lookAlikes: lookAlikes.map(({ nearest, curve: own }) => {
      const below = own.findLast((point) => point.cosine <= cosine) ?? own[0]!;
      return { nearest, fmr: rateOf(below.fmr, below.fmrInterval) };
    }),
  };
}

/** Of the nearest cosine; beyond either end what is known there still holds as a bound. */
function likelihoodAt(cosine: number, table: Calibration["likelihoodRatio"]): Likelihood {
  let nearest = table[0]!;
  for (const each of table) {
    if (Math.abs(each.cosine - cosine) < Math.abs(nearest.cosine - cosine)) nearest = each;
  }
  const { log10, low, high } = nearest;
  if (cosine > table.at(-1)!.cosine + 0.01) return { log10: null, low, high: null };
  if (cosine < table[0]!.cosine - 0.01) return { log10: null, low: null, high };
  return { log10, low, high };
}

function rateOf(rate: number, [low, high]: readonly [number, number]): ErrorRate {
  return { rate, low, high };
}
