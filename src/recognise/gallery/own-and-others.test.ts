import { expect, test } from "vitest";
import { normalize, type UnitVector } from "../../core/index.ts";
import { likenessOf } from "./own-and-others.ts";

/** A direction in the plane: the cosine of two is that of the angle between them. */
const at = (degrees: number): UnitVector =>
  normalize(Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)));
const cos = (degrees: number): number => Math.cos((degrees * Math.PI) / 180);
const belonging = (fresh: number[], known: number[] = []): boolean[] =>
  likenessOf(fresh.map(at), known.map(at), 0.8).map(({ belongs }) => belongs);

test("of a new person's images the largest group belongs, linked through each other", () => {
  // 0–30–60 is a chain: the ends are alike only through the middle.
  expect(belonging([0, 180, 30, 60])).toEqual([true, false, true, true]);
  expect(belonging([90, 0, 10])).toEqual([false, true, true]);
});

test("of groups of one size the earliest belongs, and the only image always does", () => {
  expect(belonging([0, 180])).toEqual([true, false]);
  expect(belonging([0, 90, 5, 95])).toEqual([true, false, true, false]);
  expect(belonging([45])).toEqual([true]);
  expect(belonging([])).toEqual([]);
});

test("beside images that are there already only what resembles them belongs, be it fewer", () => {
  expect(belonging([0, 5, 10, 90], [95])).toEqual([false, false, false, true]);
  expect(belonging([60, 30], [90])).toEqual([true, true]);
  expect(belonging([0], [180])).toEqual([false]);
});

test("the cosine is that to the most similar other image of the person", () => {
  const [first, second, third] = likenessOf([at(0), at(20), at(90)], [at(100)], 0.8);
  expect(first!.own).toBeCloseTo(cos(20), 6);
  expect(second!.own).toBeCloseTo(cos(20), 6);
  expect(third!.own).toBeCloseTo(cos(10), 6);
  expect(likenessOf([at(0)], [], 0.8)[0]!.own).toBeNull();
});
