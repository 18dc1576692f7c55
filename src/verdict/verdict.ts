import type { Calibration } from "../models/index.ts";
import type { StrangerThreshold } from "./stranger-threshold.ts";

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

/** On which side of a threshold a score lies, and what is known about it: of two faces, or of a face and a gallery. */
export interface Verdict {
  /** True if the score reaches the threshold. */
  readonly same: boolean;
  readonly threshold: number;
  /** Of a cosine of two faces; absent for a threshold of the caller's own without a calibration. */
  readonly evidence?: ScoreEvidence;
  readonly calibration?: Calibration;
  /** Of the nearest of many people: what the threshold keeps strangers from; absent without a calibration. */
  readonly strangers?: StrangerThreshold;
}

/** The rule by which scores are judged: one for two photographs, for the hits of a search and for a person of a gallery. */
export interface Policy {
  /** A threshold that somebody chose; it beats the calibration's, whose evidence is still given. */
  readonly threshold?: number | undefined;
  readonly calibration?: Calibration | undefined;
}

/** The score from which on two faces are one person's; undefined, which is to say uncalibrated, when nothing says so. */
export function thresholdOf({ threshold, calibration }: Policy): number | undefined {
  return threshold ?? calibration?.threshold;
}

/**
 * The verdict on a cosine; undefined, which is to say uncalibrated, without a calibration and without a threshold.
 *
 * Rates are read off the curve on the side that does not flatter: the false match rate of the next cosine of the curve
 * below the score, the false non-match rate of the next above.
 */
export function judge(cosine: number, policy: Policy): Verdict | undefined {
  const threshold = thresholdOf(policy);
  if (threshold === undefined) return undefined;
  const { calibration } = policy;
  const side = { same: cosine >= threshold, threshold };
  return calibration ? { ...side, evidence: evidenceOf(cosine, calibration), calibration } : side;
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
