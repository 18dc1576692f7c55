import type { Calibration } from "../models/index.ts";
import type { ErrorRate, Verdict } from "../recognise/index.ts";

/** A verdict as a person reads it: the side of the threshold, both error rates at the score, and from what evidence. */
export function describeVerdict(verdict: Verdict | undefined, uncalibrated: string | undefined): string[] {
  if (!verdict) {
    return [
      `uncalibrated: ${uncalibrated ?? "no threshold is known for this model"}, so this is no yes or no; "arcface calibrate" measures one, --threshold sets one`,
    ];
  }
  const { same, threshold, evidence, calibration } = verdict;
  const side = `${same ? "above" : "below"} ${threshold.toFixed(3)}: the side of ${same ? "one person" : "different people"}`;
  if (!evidence || !calibration) return [side, `uncalibrated: ${uncalibrated}; the threshold is your own`];
  const { data, target, intervals } = calibration;
  const own = threshold === calibration.threshold;
  return [
    side,
    `${percent(evidence.fmr)} of pairs of different people score as high (FMR), ${percent(evidence.fnmr)} of pairs of one person lower (FNMR); ${intervals.confidence * 100} % intervals`,
    `such a score is ${timesText(evidence.log10LikelihoodRatio)}`,
    own
      ? `threshold for at most ${percentText(target.fmr)} % false matches, measured on ${data.protocol}: ${calibration.falseMatches} of ${data.impostorPairs} pairs of different people lay above it, ${calibration.falseNonMatches} of ${data.genuinePairs} pairs of one person below`
      : `the threshold is your own; rates measured on ${data.protocol}`,
  ];
}

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
    log10LikelihoodRatio: evidence.log10LikelihoodRatio,
    calibration: calibrationAsJson(calibration),
  };
}

/** What a threshold rests on, for `--json`. */
export function calibrationAsJson(calibration: Calibration): object {
  const { data, target, threshold, thresholdInterval, falseMatches, falseNonMatches, intervals } =
    calibration;
  return {
    targetFmr: target.fmr,
    threshold,
    thresholdInterval,
    falseMatches,
    falseNonMatches,
    ...data,
    intervals,
  };
}

function percent({ rate, low, high }: ErrorRate): string {
  return `${percentText(rate)} % [${percentText(low)}, ${percentText(high)}]`;
}

/** A share in per cent with two significant digits, as far as there are any. */
function percentText(share: number): string {
  const value = 100 * share;
  if (value === 0 || value >= 99.995) return String(Math.round(value));
  return value >= 10 ? value.toFixed(1) : Number(value.toPrecision(2)).toString();
}

function timesText(log10: number): string {
  const times = 10 ** Math.abs(log10);
  const digits = times >= 100 ? Number(times.toPrecision(2)).toLocaleString("en") : times.toPrecision(2);
  return `${digits} times more frequent between pictures of ${log10 >= 0 ? "one person than of two" : "two people than of one"}`;
}
