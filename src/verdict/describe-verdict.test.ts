import { describe, expect, test } from "vitest";
import { readCalibration } from "../models/index.ts";
import { describeVerdict, thresholdText } from "./describe-verdict.ts";

test("a verdict begins with the plain answer", () => {
  expect(describeVerdict({ same: true, threshold: 0.4512 }, "none")[0]).toBe(
    "same person, by your own threshold of 0.451",
  );
  expect(describeVerdict({ same: false, threshold: 0.4 }, "none")[0]).toBe(
    "two people, by your own threshold of 0.400",
  );
});

describe("words for the evidence come from the end of the interval that says least", async () => {
  const calibration = await readCalibration(
    new URL("../../calibrations/fr-feature-512.json", import.meta.url).pathname,
  );
  const rate = { rate: 0.1, low: 0.1, high: 0.1 };
  test.each<[same: boolean, low: number | null, high: number | null, words: string]>([
    [true, 6.1, 9, "same person: extremely strong evidence"],
    [true, 5.9, 9, "same person: very strong evidence"],
    [true, 3.5, 9, "same person: strong evidence"],
    [true, 2.5, null, "same person: moderately strong evidence"],
    [true, 1.5, 2, "same person: moderate evidence"],
    [true, 0.4, 2, "same person: weak evidence"],
    [true, 0.2, 2, "same person: the evidence is not clear"],
    [true, -1, 1, "same person: the evidence is not clear"],
    [true, null, 3, "same person: the evidence is not clear"],
    [true, -2, -1, "same person: against the evidence"],
    [false, -3, -2, "two people: moderately strong evidence"],
    [false, null, -4.5, "two people: very strong evidence"],
    [false, 1, 2, "two people: against the evidence"],
  ])("%s, log10 of %s to %s: %s", (same, low, high, words) => {
    const log10 = low === null || high === null ? null : (low + high) / 2;
    const evidence = { fmr: rate, fnmr: rate, likelihood: { log10, low, high }, lookAlikes: [] };
    const { threshold } = calibration;
    expect(describeVerdict({ same, threshold, evidence, calibration }, undefined)[0]).toBe(words);
  });

  test("rates under a thousandth of a per cent are told as that", () => {
    const fmr = { rate: 5e-8, low: 2e-10, high: 4e-7 };
    const likelihood = { log10: 3, low: 2, high: 4 };
    const verdict = { same: true, threshold: calibration.threshold, calibration };
    const seldom = describeVerdict(
      { ...verdict, evidence: { fmr, fnmr: rate, likelihood, lookAlikes: [] } },
      undefined,
    );
    expect(seldom[2]).toContain("under 0.001 % of pairs of different people score as high");
    const lower = { ...fmr, high: 4e-5 };
    const wide = describeVerdict(
      { ...verdict, evidence: { fmr: lower, fnmr: rate, likelihood, lookAlikes: [] } },
      undefined,
    );
    expect(wide[2]).toContain("< 0.001 % [< 0.001, 0.004] of pairs of different people");
  });
});

test("without a calibration or a threshold there is no answer, and it is said how to come by one", () => {
  const [line, ...more] = describeVerdict(undefined, "there is no calibration for net.onnx");
  expect(line).toBe(
    'no yes or no (uncalibrated: there is no calibration for net.onnx); "arcface calibrate" measures a threshold, --threshold sets one',
  );
  expect(more).toEqual([]);
});

test("pairs that a calibration leaves out are counted in the sentence", async () => {
  const calibration = await readCalibration(
    new URL("../../calibrations/fr-feature-512.json", import.meta.url).pathname,
  );
  expect(calibration.data.leftOut).toBe(12);
  expect(thresholdText(calibration)).toContain(
    "on all pairs of 7,701 pictures of LFW (12 pairs of names that share a person left out): there ",
  );
});
