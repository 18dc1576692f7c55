import { expect, test } from "vitest";
import type { Calibration } from "../models/index.ts";
import { evidenceOf, judge, thresholdOf } from "./verdict.ts";

const point = (cosine: number, fmr: number, fnmr: number) => ({
  cosine,
  fmr,
  fmrInterval: [fmr / 2, fmr * 2] as [number, number],
  fnmr,
  fnmrInterval: [fnmr / 2, fnmr * 2] as [number, number],
});
const CALIBRATION = {
  threshold: 0.5,
  curve: [point(0, 0.4, 0), point(0.5, 0.01, 0.1), point(0.8, 0.001, 0.3)],
  likelihoodRatio: [
    { cosine: 0, log10: -2, low: -3, high: -1 },
    { cosine: 0.5, log10: 1, low: 0.5, high: 1.5 },
  ],
  lookAlikes: [{ nearest: 0.01, curve: [point(0, 0.9, 0), point(0.5, 0.2, 0)] }],
} as unknown as Calibration;

test("a threshold of one's own comes before the calibration's; without both there is none and no verdict", () => {
  expect(thresholdOf({ threshold: 0.3, calibration: CALIBRATION })).toBe(0.3);
  expect(thresholdOf({ calibration: CALIBRATION })).toBe(0.5);
  expect(thresholdOf({ threshold: 0 })).toBe(0);
  expect(thresholdOf({})).toBeUndefined();
  expect(judge(0.9, {})).toBeUndefined();
});

test("a score at the threshold is one person's, one below it two people's", () => {
  expect(judge(0.5, { calibration: CALIBRATION })).toMatchObject({ same: true, threshold: 0.5 });
  expect(judge(0.5 - 1e-9, { calibration: CALIBRATION })).toMatchObject({ same: false });
  expect(judge(0.3, { threshold: 0.3 })).toEqual({ same: true, threshold: 0.3 });
});

test("false matches are those of the point below a score, false non-matches those of the point above", () => {
  const rates = (cosine: number) => {
    const { fmr, fnmr } = evidenceOf(cosine, CALIBRATION);
    return [fmr.rate, fnmr.rate];
  };
  expect(rates(0.5)).toEqual([0.01, 0.1]);
  expect(rates(0.6)).toEqual([0.01, 0.3]);
  expect(rates(0.4)).toEqual([0.4, 0.1]);
  expect(rates(-0.2)).toEqual([0.4, 0]);
  // Beyond the last point everything may have been below.
  expect(evidenceOf(0.9, CALIBRATION)).toMatchObject({
    fmr: { rate: 0.001, low: 0.0005, high: 0.002 },
    fnmr: { rate: 1, low: 0.15, high: 1 },
  });
});

test("the likelihood is that of the nearest cosine, and beyond the table a bound", () => {
  const likelihood = (cosine: number) => evidenceOf(cosine, CALIBRATION).likelihood;
  expect(likelihood(0.2)).toEqual({ log10: -2, low: -3, high: -1 });
  expect(likelihood(0.3)).toEqual({ log10: 1, low: 0.5, high: 1.5 });
  expect(likelihood(0.52)).toEqual({ log10: null, low: 0.5, high: null });
  expect(likelihood(-0.02)).toEqual({ log10: null, low: null, high: -1 });
});

test("look-alikes' false matches are those of the last point at or below the score", () => {
  const alike = (cosine: number) => evidenceOf(cosine, CALIBRATION).lookAlikes[0]!.fmr.rate;
  expect([alike(-0.5), alike(0.49), alike(0.5), alike(0.9)]).toEqual([0.9, 0.9, 0.2, 0.2]);
});
