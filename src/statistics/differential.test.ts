import { expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { differential } from "./differential.ts";
import { probit } from "./probit.ts";

const rate = (value: number, low = value / 2, high = value * 2) => ({ rate: value, low, high });

test("the ratio is that of the highest rate to the geometric mean of all", () => {
  const found = differential([
    { group: "a", rate: rate(0.001) },
    { group: "b", rate: rate(0.004) },
    { group: "c", rate: rate(0.002) },
  ]);
  expect(found).toMatchObject({ kind: "measured", worst: "b", groups: 3 });
  if (found.kind !== "measured") return;
  expect(found.geometricMean).toBeCloseTo(0.002, 12);
  expect(found.ratio).toBeCloseTo(2, 12);
  // Each logarithm is uncertain by ln 2 to either side, with weights 2/3, 1/3 and 1/3.
  const off = Math.log(2) * Math.sqrt((2 / 3) ** 2 + 2 / 9);
  expect(found.interval[0]).toBeCloseTo(Math.exp(Math.log(2) - off), 12);
  expect(found.interval[1]).toBeCloseTo(Math.exp(Math.log(2) + off), 12);
});

test("uncertain to one side only, a rate moves the ratio to one side only", () => {
  const found = differential([
    { group: "worst", rate: { rate: 0.04, low: 0.04, high: 0.08 } },
    { group: "best", rate: { rate: 0.01, low: 0.01, high: 0.01 } },
  ]);
  // Of two groups, half of the logarithm's uncertainty.
  expect(found.kind === "measured" && found.interval[0]).toBeCloseTo(2, 12);
  expect(found.kind === "measured" && found.interval[1]).toBeCloseTo(2 * Math.SQRT2, 12);
});

test("a group whose interval reaches 0 leaves the ratio without an upper end and without a word on chance", () => {
  const found = differential([
    { group: "a", rate: rate(0.01) },
    { group: "b", rate: rate(0.001, 0, 0.01) },
  ]);
  expect(found).toMatchObject({
    kind: "measured",
    worst: "a",
    interval: [expect.any(Number), null],
    byChance: null,
  });
});

test("a group without an error has no geometric mean; groups without such pairs do not count", () => {
  const none = { group: "none", rate: rate(0, 0, 0.01) };
  const empty = { group: "empty", rate: rate(Number.NaN, 0, 1) };
  expect(differential([{ group: "a", rate: rate(0.01) }, none, empty])).toEqual({
    kind: "no-errors",
    groups: 2,
    without: ["none"],
  });
  expect(differential([{ group: "a", rate: rate(0.01) }, empty])).toEqual({
    kind: "too-few-groups",
    groups: 1,
  });
});

test("of groups that are alike chance explains the ratio in 95 of 100 samples; intervals hold an unequal one as often", () => {
  const random = seeded(3);
  const deviations = [0.3, 0.1, 0.2, 0.15];
  const [samples, z] = [300, 1.959964];
  let [above, holds] = [0, 0];
  for (let sample = 0; sample < samples; sample++) {
    const draw = (times: number) =>
      deviations.map((deviation, i) => {
        const seen = 0.01 * (i === 1 ? times : 1) * Math.exp(deviation * probit(random.next()));
        const half = Math.exp(z * deviation);
        return { group: String(i), rate: { rate: seen, low: seen / half, high: seen * half } };
      });
    const alike = differential(draw(1));
    if (alike.kind === "measured" && alike.ratio > alike.byChance!) above++;
    const unequal = differential(draw(6));
    // Six times as many errors in one of four groups: 6 / 6^(1/4).
    const truth = 6 ** 0.75;
    if (unequal.kind === "measured" && unequal.interval[0] <= truth && unequal.interval[1]! >= truth) holds++;
  }
  // 15 of 300 are expected above or outside: 5 to 26 in 99 of 100 runs.
  expect(above).toBeGreaterThanOrEqual(5);
  expect(above).toBeLessThanOrEqual(26);
  expect(samples - holds).toBeGreaterThanOrEqual(5);
  expect(samples - holds).toBeLessThanOrEqual(26);
});
