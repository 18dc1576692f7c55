import { expect, test } from "vitest";
import { editDistance, nearestName } from "./nearest-name.ts";

test("edits are counted: insert, delete, replace, exchange neighbours", () => {
  expect(editDistance("rate", "rates")).toBe(1);
  expect(editDistance("rate", "ate")).toBe(1);
  expect(editDistance("rate", "race")).toBe(1);
  expect(editDistance("rate", "arte")).toBe(1);
  expect(editDistance("kitten", "sitting")).toBe(3);
});

test("the nearest name is suggested, whatever its case, and nothing when none is near", () => {
  const names = ["learningRate", "batch", "schedule", "seed"];
  expect(nearestName("learning_rate", names)).toBe("learningRate");
  expect(nearestName("LEARNINGRATE", names)).toBe("learningRate");
  expect(nearestName("bacth", names)).toBe("batch");
  expect(nearestName("learn", names)).toBe("learningRate");
  expect(nearestName("colour", names)).toBeUndefined();
});
