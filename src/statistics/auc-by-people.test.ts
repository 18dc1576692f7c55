import { expect, test } from "vitest";
import { areaInterval } from "./auc-by-people.ts";
import type { IdentifiedScores } from "./identified-scores.ts";

/** A genuine pair of every person and an impostor pair of every two neighbours. */
function pairsOf(
  people: number,
  genuine: (i: number) => number,
  impostor: (i: number) => number,
): IdentifiedScores {
  const of = <T>(f: (i: number) => T): T[] => Array.from({ length: people }, (_, i) => f(i));
  return {
    scores: Float64Array.from([...of(genuine), ...of(impostor)]),
    same: Uint8Array.from([...of(() => 1), ...of(() => 0)]),
    a: Uint32Array.from([...of((i) => i), ...of((i) => i)]),
    b: Uint32Array.from([...of((i) => i), ...of((i) => (i + 1) % people)]),
    people,
  };
}

test("of kinds that do not overlap the area is at least 1 less what both error rates may be, and more people say more", () => {
  const [lowOfFew, highOfFew] = areaInterval(
    pairsOf(
      20,
      () => 0.9,
      () => 0.1,
    ),
  );
  const [lowOfMany, highOfMany] = areaInterval(
    pairsOf(
      400,
      () => 0.9,
      () => 0.1,
    ),
  );
  expect([highOfFew, highOfMany]).toEqual([1, 1]);
  expect(lowOfFew).toBeGreaterThan(0);
  expect(lowOfFew).toBeLessThan(0.9);
  expect(lowOfMany).toBeGreaterThan(0.97);
  expect(lowOfMany).toBeLessThan(1);
  expect(
    areaInterval(
      pairsOf(
        2,
        () => 0.9,
        () => 0.1,
      ),
    )[0],
  ).toBe(0);
});

test("of kinds that overlap the interval holds the area and lies inside 0 and 1", () => {
  // Genuine scores 0.3 … 0.9, impostor scores 0 … 0.6.
  const [low, high] = areaInterval(
    pairsOf(
      100,
      (i) => 0.3 + (0.6 * ((7 * i) % 100)) / 99,
      (i) => (0.6 * ((13 * i) % 100)) / 99,
    ),
  );
  // Of two uniform spreads of 0.6, half of one above the other: 1 − ½ · ½².
  expect(low).toBeGreaterThan(0.75);
  expect(low).toBeLessThan(0.875);
  expect(high).toBeGreaterThan(0.875);
  expect(high).toBeLessThan(0.96);
});

test("scores in another array than of float64 are refused: their bits would be sorted without an end", () => {
  const pairs = pairsOf(
    3,
    () => 0.9,
    () => 0.1,
  );
  const narrow = { ...pairs, scores: Float32Array.from(pairs.scores) as unknown as Float64Array };
  expect(() => areaInterval(narrow)).toThrow("scores: expected a Float64Array, got Float32Array");
});
