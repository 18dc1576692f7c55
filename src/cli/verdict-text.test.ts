import { expect, test } from "vitest";
import { describeVerdict } from "./verdict-text.ts";

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
