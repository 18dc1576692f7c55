import { expect, test } from "vitest";
import { readCalibration } from "../models/index.ts";
import { describeVerdict, thresholdText } from "./verdict-text.ts";

test("a verdict begins with the plain answer", () => {
  expect(describeVerdict({ same: true, threshold: 0.4512 }, "none")[0]).toBe(
    "reads as one person: above the threshold of 0.451",
  );
  expect(describeVerdict({ same: false, threshold: 0.4 }, "none")[0]).toBe(
    "reads as two people: below the threshold of 0.400",
  );
});

test("without a calibration or a threshold there is no answer, and it is said how to come by one", () => {
  const [line, ...more] = describeVerdict(undefined, "there is no calibration for net.onnx");
  expect(line).toBe(
    'uncalibrated: there is no calibration for net.onnx, so this is no yes or no; "arcface calibrate" measures one, --threshold sets one',
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
