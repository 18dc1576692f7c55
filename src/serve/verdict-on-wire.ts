import type { z } from "zod";
import type { Calibration } from "../models/index.ts";
import type { Verdict } from "../verdict/index.ts";
import type { wire } from "./wire/index.ts";

/** A verdict as the library gives it, its calibration without the curves. */
export function verdictOnWire(verdict: Verdict): z.input<typeof wire.Verdict> {
  const { same, threshold, evidence, calibration, strangers } = verdict;
  return {
    same,
    threshold,
    ...(evidence && { evidence: { ...evidence, lookAlikes: [...evidence.lookAlikes] } }),
    ...(calibration && { calibration: summary(calibration) }),
    ...(strangers && { strangers: { ...strangers } }),
  };
}

function summary({
  data,
  intervals,
  target,
  threshold,
  fmr,
  fnmr,
}: Calibration): z.input<typeof wire.CalibrationSummary> {
  const { protocol, sha256, people, genuinePairs, impostorPairs } = data;
  const { confidence } = intervals;
  return { protocol, sha256, people, genuinePairs, impostorPairs, confidence, target, threshold, fmr, fnmr };
}
