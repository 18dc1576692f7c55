import { expect, test } from "vitest";
import { BestNeighbours } from "./best-neighbours.ts";
import { Candidates, unclampedFloor } from "./candidates.ts";

/** Rows by number, best first; a row's id is a hundred less its number, so that later rows come first among equals. */
function settled(cosines: readonly number[], k: number, radius: number, seen: number[] = []): number[] {
  const candidates = new Candidates(new BestNeighbours(k));
  for (const [row, cosine] of cosines.entries()) candidates.add(row, cosine, radius, 100 - row, undefined);
  const best = new BestNeighbours(k);
  candidates.settle(
    best,
    (row) => {
      seen.push(row);
      return cosines[row];
    },
    (row) => 100 - row,
    () => undefined,
  );
  return best.items().map(({ id }) => 100 - id);
}

test("of rows with one cosine those with the lowest ids are the best, though they reach the floor only", () => {
  expect(settled([0.5, 0.5, 0.5, 0.25], 1, 0)).toEqual([2]);
  expect(settled([0.5, 0.5, 0.5, 0.25], 2, 0)).toEqual([2, 1]);
  expect(settled([0.25, 0.5, 0.5, 0.5], 4, 0)).toEqual([3, 2, 1, 0]);
});

test("rows that cannot reach the floor are not looked at", () => {
  const seen: number[] = [];
  expect(settled([0.5, 0.2, 0.9, 0.4, 0.88], 1, 0.0625, seen)).toEqual([2]);
  expect(seen.sort()).toEqual([2, 4]);
});

test("rows at the lower end of cosines matter until k are found", () => {
  expect(unclampedFloor(-1)).toBe(Number.NEGATIVE_INFINITY);
  expect(unclampedFloor(-0.5)).toBe(-0.5);
  expect(settled([-1, -1, -0.75], 2, 0.125)).toEqual([2, 1]);
});

test("a crowd is thinned to those that reach the floor, ties included", () => {
  const cosines = Array.from({ length: 10_000 }, (_, i) => (i % 10 === 9 ? 0.75 : 0.25));
  const candidates = new Candidates(new BestNeighbours(3));
  for (const [row, cosine] of cosines.entries()) candidates.add(row, cosine, 0, row, undefined);
  expect(candidates.left().rows).toEqual(Array.from({ length: 1000 }, (_, i) => 10 * i + 9));
});
