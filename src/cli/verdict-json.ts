import type { Calibration } from "../models/index.ts";
import type { Verdict } from "../verdict/index.ts";

/** A verdict for `--json`: "uncalibrated", or the side with its evidence; the curve stays in the calibration's file. */
export function verdictAsJson(verdict: Verdict | undefined): object | "uncalibrated" {
  if (!verdict) return "uncalibrated";
  const { same, threshold, evidence, calibration } = verdict;
  if (!evidence || !calibration) return { same, threshold, evidence: "uncalibrated" };
  return {
    same,
    threshold,
    fmr: evidence.fmr,
    fnmr: evidence.fnmr,
    log10LikelihoodRatio: evidence.likelihood,
    lookAlikes: evidence.lookAlikes,
    calibration: calibrationAsJson(calibration),
  };
}

/** The evidence behind a threshold, for `--json`. */
export function calibrationAsJson(calibration: Calibration): object {
  const { data, target, threshold, thresholdInterval, fmr, fnmr, falseMatches, falseNonMatches, intervals } =
    calibration;
  return {
    targetFmr: target.fmr,
    targetKept: target.kept,
    threshold,
    thresholdInterval,
    fmr,
    fnmr,
    falseMatches,
    falseNonMatches,
    ...data,
    intervals,
  };
}
