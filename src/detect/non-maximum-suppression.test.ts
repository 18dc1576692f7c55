import { expect, test } from "vitest";
import { intersectionOverSmaller, intersectionOverUnion } from "../core/index.ts";
import { suppressNonMaxima } from "./non-maximum-suppression.ts";

const candidate = (x: number, score: number, side = 10) => ({
  box: { x, y: 0, width: side, height: side },
  score,
});

test("of boxes that overlap more than the threshold the best one stays, others stay too", () => {
  const kept = suppressNonMaxima(
    [candidate(2, 0.8), candidate(0, 0.9), candidate(30, 0.7)],
    0.5,
    intersectionOverUnion,
  );
  expect(kept.map(({ box, score }) => [box.x, score])).toEqual([
    [0, 0.9],
    [30, 0.7],
  ]);
});

test("an overlap of just the threshold is allowed", () => {
  // 10×10 boxes 5 apart overlap by 50 of 150.
  expect(
    suppressNonMaxima([candidate(0, 0.9), candidate(5, 0.8)], 1 / 3, intersectionOverUnion),
  ).toHaveLength(2);
});

test("measured against the smaller box, one inside another goes", () => {
  const boxes = [candidate(0, 0.9, 100), candidate(20, 0.8, 5)];
  expect(suppressNonMaxima(boxes, 0.7, intersectionOverUnion)).toHaveLength(2);
  expect(suppressNonMaxima(boxes, 0.7, intersectionOverSmaller)).toEqual([boxes[0]]);
});
