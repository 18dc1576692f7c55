import { expect, test } from "vitest";
import { seeded } from "./random.ts";

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
