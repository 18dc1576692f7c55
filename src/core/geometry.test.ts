import { expect, test } from "vitest";
import {
  applyAffine,
  type Box,
  intersectionOverSmaller,
  intersectionOverUnion,
  overlap,
} from "./geometry.ts";

const box = (x: number, y: number, width: number, height: number): Box<"image"> => ({ x, y, width, height });

test("boxes that only touch do not overlap", () => {
  expect(overlap(box(0, 0, 10, 10), box(10, 0, 10, 10))).toBe(0);
});

test("half of a box over half of another gives a third of their union", () => {
  expect(intersectionOverUnion(box(0, 0, 10, 10), box(5, 0, 10, 10))).toBeCloseTo(1 / 3, 12);
});

test("a box inside another covers all of the smaller one", () => {
  expect(intersectionOverSmaller(box(0, 0, 100, 100), box(20, 20, 5, 5))).toBe(1);
  expect(intersectionOverUnion(box(0, 0, 100, 100), box(20, 20, 5, 5))).toBeCloseTo(0.0025, 12);
});

test("an affine map sends a point where its six numbers say", () => {
  expect(applyAffine({ a: 2, b: 0, c: 1, d: 0, e: 3, f: -1 }, { x: 5, y: 7 })).toEqual({ x: 11, y: 20 });
});
