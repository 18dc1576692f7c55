import { expect, test } from "vitest";
import { withAgreedLandmarks } from "./agreed-landmarks.ts";
import type { Detection } from "./detector.ts";

const candidate = (left: number, score: number, x: number, y: number): Detection<"raster"> =>
  ({
    box: { x: left, y: 0, width: 100, height: 100 },
    score,
    landmarks: Array.from({ length: 5 }, (_, k) => ({ x: x + k, y: y + k })),
  }) as unknown as Detection<"raster">;

test("landmarks are the mean over a face's candidates, across and down weighed by score", () => {
  const face = candidate(0, 0.9, 30, 40);
  // Half of the union is shared at 33: 10 belongs to the face, 50 does not.
  const { landmarks, box, score } = withAgreedLandmarks(face, [
    face,
    candidate(10, 0.3, 38, 52),
    candidate(50, 1, 500, 500),
  ]);
  expect(landmarks.map(({ x, y }) => [x, y])).toEqual(
    [0, 1, 2, 3, 4].map((k) => [expect.closeTo(32 + k, 9), expect.closeTo(43 + k, 9)]),
  );
  expect([box, score]).toEqual([face.box, 0.9]);
});
