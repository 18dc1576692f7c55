import { expect, test } from "vitest";
import type { Box, Landmarks } from "../core/index.ts";
import type { Detection } from "./detector.ts";
import { mergeScales } from "./merge-scales.ts";

const THRESHOLDS = { overlap: 0.45, contained: 0.6 };

function seen(x: number, y: number, side: number, score: number): Detection<"raster"> {
  const points = [0.3, 0.7, 0.5, 0.35, 0.65].map((at) => ({ x: x + at * side, y: y + at * side }));
  return {
    box: { x, y, width: side, height: side } as Box<"raster">,
    score,
    landmarks: points as unknown as Landmarks<"raster">,
  };
}

test("boxes of one face become their mean, weighted by score, with the best score", () => {
  const [face, ...others] = mergeScales([seen(0, 0, 100, 0.6), seen(10, 0, 100, 0.9)], THRESHOLDS);
  expect(others).toEqual([]);
  expect(face!.score).toBe(0.9);
  expect(face!.box.x).toBeCloseTo(6, 9);
  expect(face!.landmarks[0].x).toBeCloseTo(36, 9);
  expect(face!.landmarks[0].y).toBeCloseTo(30, 9);
});

test("parts of a large face that a fine look takes for faces go, though there are more of them and they reach beyond it", () => {
  const face = [0, 4, 8, 12].map((shift) => seen(shift, shift, 400, 0.8));
  const parts = [0, 2, 4, 6, 8].flatMap((shift) => [
    seen(60 + shift, 80, 200, 0.7),
    seen(250, 300 + shift, 150, 0.65),
  ]);
  const found = mergeScales([...parts, ...face], THRESHOLDS);
  expect(found).toHaveLength(1);
  expect(found[0]!.box.width).toBeCloseTo(400, 9);
  expect(found[0]!.box.x).toBeCloseTo(6, 9);
});

test("faces beside each other, and one that covers a part of another, stay", () => {
  const apart = [seen(0, 0, 100, 0.9), seen(200, 0, 100, 0.7), seen(70, 70, 100, 0.8)];
  expect(mergeScales(apart, THRESHOLDS).map(({ score }) => score)).toEqual([0.9, 0.8, 0.7]);
  expect(mergeScales([], THRESHOLDS)).toEqual([]);
});
