import { expect, test } from "vitest";
import { quantile } from "./quantile.ts";
import { rankCorrelation } from "./rank-correlation.ts";

test("a rank correlation is that of the order alone, whatever the scale", () => {
  expect(rankCorrelation([1, 2, 3, 4], [1, 10, 100, 1000])).toBe(1);
  expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBe(-1);
});

test("equal values share their ranks", () => {
  // Ranks 1, 2½, 2½, 4, 5 and 2, 1, 3½, 3½, 5, from their middle: 7.25 / 9.5.
  expect(rankCorrelation([1, 2, 2, 3, 5], [2, 1, 3, 3, 4])).toBeCloseTo(7.25 / 9.5, 12);
});

test("of one thing, or of things that are all alike, there is none", () => {
  expect(rankCorrelation([1], [2])).toBeNull();
  expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBeNull();
});

test("quantiles lie between neighbours, as NumPy has them", () => {
  // numpy.quantile([1, 2, 4, 8], [0, 0.05, 0.5, 0.9, 1])
  const expected = [1, 1.15, 3, 6.8, 8];
  for (const [i, share] of [0, 0.05, 0.5, 0.9, 1].entries())
    expect(quantile([1, 2, 4, 8], share)).toBeCloseTo(expected[i]!, 12);
});
