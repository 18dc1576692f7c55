import { expect, test } from "vitest";
import { seeded, seedOf } from "./random.ts";

test("the same seed gives the same numbers, another seed others", () => {
  const draw = (seed: number): number[] => {
    const random = seeded(seed);
    return [random.next(), random.next(), random.below(1000)];
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test("numbers fill [0, 1) evenly", () => {
  const random = seeded(3);
  const bins = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) bins[random.below(10)]!++;
  for (const count of bins) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test("shuffling keeps every item and leaves the source alone", () => {
  const items = [1, 2, 3, 4, 5, 6, 7, 8];
  const shuffled = seeded(1).shuffle(items);
  expect(items).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(shuffled).not.toEqual(items);
  expect([...shuffled].sort()).toEqual(items);
});

test("a seed of parts is another for every part, order and number of parts", () => {
  const seeds = [seedOf(), seedOf(0), seedOf(0, 0), seedOf(1, 2), seedOf(2, 1), seedOf(1, 2, 0)];
  for (let step = 0; step < 1000; step++) seeds.push(seedOf(7, step, 0), seedOf(7, step, 1));
  expect(new Set(seeds).size).toBe(seeds.length);
  expect(seedOf(7, 5)).toBe(seedOf(7, 5));
  // Neighbours are unlike: half of the bits differ on average.
  const bits = Array.from({ length: 500 }, (_, i) =>
    (seedOf(3, i) ^ seedOf(3, i + 1)).toString(2).replace(/[^1]/g, ""),
  );
  const mean = bits.reduce((sum, ones) => sum + ones.length, 0) / 500;
  expect(mean).toBeGreaterThan(13);
});
