import { expect, test } from "vitest";
import type { Differential } from "../statistics/index.ts";
import { differentialTexts, groupRateText } from "./group-text.ts";

const measured = (ratio: number, byChance: number | null): Differential => ({
  kind: "measured",
  groups: 3,
  worst: "old",
  geometricMean: 0.01,
  ratio,
  interval: [0.9, null],
  byChance,
});
const none: Differential = { kind: "too-few-groups", groups: 1 };
const sentence = (fmr: Differential): string => differentialTexts({ fmr, fnmr: none }, [])[0]!;

test("a difference is shown only beyond what chance makes of groups that are alike", () => {
  const beginning =
    "differential FMR: old, the worst, has 1.50 times the geometric mean of 3 groups [0.90, ?]; ";
  expect(sentence(measured(1.5, 1.6))).toBe(
    `${beginning}3 groups that are alike reach up to 1.60 by chance, so no difference is shown`,
  );
  expect(sentence(measured(1.5, 1.5))).toBe(
    `${beginning}3 groups that are alike reach up to 1.50 by chance, so no difference is shown`,
  );
  expect(sentence(measured(1.5, 1.4))).toBe(
    `${beginning}3 groups that are alike reach 1.40 at most by chance`,
  );
  expect(sentence(measured(1.5, null))).toBe(
    `${beginning}the groups have too few errors to say how much of it is chance`,
  );
});

test("without errors the highest rate that is still possible is told", () => {
  const rate = (high: number) => ({ rate: 0, low: 0, high });
  const groups = [
    { group: "old", fmr: rate(0.02), fnmr: null },
    { group: "young", fmr: rate(0.01), fnmr: null },
  ];
  const fmr: Differential = { kind: "no-errors", groups: 2, without: ["old", "young"] };
  expect(differentialTexts({ fmr, fnmr: none }, groups)).toEqual([
    "differential FMR: no ratio, because no false match was seen among old, young: too few pairs to compare; all that is known is a rate of at most 2.000 % there",
    "differential FNMR: expected two groups or more with such pairs, got 1",
  ]);
  const many: Differential = { kind: "no-errors", groups: 5, without: ["a", "b", "c", "old"] };
  expect(sentence(many)).toContain("among 4 of 5 groups");
});

test("a group's rate is told with its interval and its pairs, if it has any", () => {
  expect(groupRateText("FMR", { rate: 0.0021, low: 0.0012, high: 0.0038 }, 12_000)).toBe(
    "FMR 0.210 % [0.120, 0.380] of 12,000",
  );
  expect(groupRateText("FMR", null, 0)).toBe("FMR of no pairs");
});
