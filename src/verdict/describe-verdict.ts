import { counted } from "../core/index.ts";
import type { Calibration } from "../models/index.ts";
import type { ErrorRate, Likelihood, ScoreEvidence, Verdict } from "./verdict.ts";

/** A verdict as a person reads it: the plain answer with how strong the evidence is, then both error rates at the score. */
export function describeVerdict(verdict: Verdict | undefined, uncalibrated: string | undefined): string[] {
  if (!verdict) {
    return [
      `no yes or no (uncalibrated: ${uncalibrated ?? "no threshold is known for this model"}); "arcface calibrate" measures a threshold, --threshold sets one`,
    ];
  }
  const { same, threshold, evidence, calibration } = verdict;
  const answer = same ? "same person" : "two people";
  if (!evidence || !calibration)
    return [
      `${answer}, by your own threshold of ${threshold.toFixed(3)}`,
      `uncalibrated: ${uncalibrated}, so nothing is known of how sure that is`,
    ];
  const { data, intervals } = calibration;
  const own = threshold !== calibration.threshold;
  return [
    `${answer}${own ? `, by your own threshold of ${threshold.toFixed(3)}` : ""}: ${strengthOf(evidence.likelihood, same)}`,
    `such a score is ${likelihoodText(evidence.likelihood)}`,
    `${percent(evidence.fmr)} of pairs of different people score as high (FMR), ${percent(evidence.fnmr)} of pairs of one person lower (FNMR); ${intervals.confidence * 100} % intervals`,
    ...lookAlikesText(evidence.lookAlikes),
    own ? `rates measured on ${data.protocol}` : thresholdText(calibration),
  ];
}

/** Powers of ten that a likelihood ratio has to reach for a word; the strongest first. */
const STRENGTHS = [
  [6, "extremely strong"],
  [4, "very strong"],
  [3, "strong"],
  [2, "moderately strong"],
  [1, "moderate"],
  [Math.log10(2), "weak"],
] as const;

/**
 * Words for the evidence, by the end of the likelihood ratio's interval that says least.
 *
 * Source    ENFSI Guideline for Evaluative Reporting in Forensic Science (2015), the verbal scale
 */
function strengthOf({ low, high }: Likelihood, same: boolean): string {
  const [least, most] = same ? [low, high] : [high, low].map((end) => (end === null ? null : -end));
  const word = STRENGTHS.find(([power]) => (least ?? 0) >= power)?.[1];
  if (word !== undefined) return `${word} evidence`;
  return (most ?? 0) < 0 ? "against the evidence" : "the evidence is not clear";
}

/** The rate that a threshold keeps, by its evidence: never more than the interval says. */
export function thresholdText(calibration: Calibration): string {
  const { data, target, fmr, fnmr } = calibration;
  const kept =
    target.kept === "upper-bound"
      ? `threshold for at most ${percentText(target.fmr)} % false matches`
      : `threshold for about ${percentText(target.fmr)} % false matches (too few pairs to say "at most")`;
  const count = (pairs: number): string => pairs.toLocaleString("en");
  const without = data.leftOut
    ? ` (${counted(data.leftOut, "pair")} of names that share a person left out)`
    : "";
  return `${kept}, measured on ${data.protocol}${without}: there ${percent(fmr)} of ${count(data.impostorPairs)} pairs of different people lay above it, ${percent(fnmr)} of ${count(data.genuinePairs)} pairs of one person below${data.weighing === "people" ? ", each person weighing the same" : ""}; pairs of look-alikes, relatives or one group of people match falsely more often`;
}

/** One sentence: the false match rate among those who look most alike. */
function lookAlikesText(lookAlikes: ScoreEvidence["lookAlikes"]): string[] {
  if (lookAlikes.length === 0) return [];
  const rates = lookAlikes.map(
    ({ nearest, fmr }) => `${percent(fmr)} of those with the nearest ${percentText(nearest)} % of others`,
  );
  return [`among look-alikes as high: ${rates.join(", ")}`];
}

/** Shares below are told as that: in more zeros than these nobody reads a number. */
const LEAST_TOLD = 1e-5;

function percent({ rate, low, high }: ErrorRate): string {
  if (high > 0 && high < LEAST_TOLD) return `under ${100 * LEAST_TOLD} %`;
  return `${percentText(rate)} % [${percentText(low)}, ${percentText(high)}]`;
}

/** A share in per cent with two significant digits, as far as there are any. */
function percentText(share: number): string {
  const value = 100 * share;
  if (value > 0 && share < LEAST_TOLD) return `< ${100 * LEAST_TOLD}`;
  if (value === 0 || value >= 99.995) return String(Math.round(value));
  return value >= 10 ? value.toFixed(1) : Number(value.toPrecision(2)).toString();
}

/** `63 times [41, 97] more frequent between …`; a bound where a bound is all that is known. */
function likelihoodText({ log10, low, high }: Likelihood): string {
  const side = (one: boolean): string =>
    `more frequent between pictures of ${one ? "one person than of two" : "two people than of one"}`;
  if (log10 !== null && low !== null && high !== null) {
    const one = log10 >= 0;
    const ends = (one ? [low, high] : [-high, -low]).map(timesText);
    return `about ${timesText(Math.abs(log10))} times [${ends.join(", ")}] ${side(one)}`;
  }
  if (low !== null && low > 0) return `at least ${timesText(low)} times ${side(true)}`;
  if (high !== null && high < 0) return `at least ${timesText(-high)} times ${side(false)}`;
  return "one of which the calibration's pairs say neither for nor against one person";
}

/** Two significant digits: no interval holds more. */
function timesText(log10: number): string {
  const times = 10 ** log10;
  return times >= 10
    ? Number(times.toPrecision(2)).toLocaleString("en")
    : String(Number(times.toPrecision(2)));
}
