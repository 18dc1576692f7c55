import { expect, test } from "vitest";
import { seeded } from "../../core/index.ts";
import { verifyHeldOut } from "./verification.ts";

/** Points on the unit circle. */
const onCircle = (degrees: readonly number[]): Float32Array =>
  Float32Array.from(
    degrees.flatMap((deg) => [Math.cos((deg * Math.PI) / 180), Math.sin((deg * Math.PI) / 180)]),
  );

test("people apart from each other are told apart fully, and angles are those between the points", () => {
  const labels = Int32Array.of(0, 0, 1, 1, 2, 2, 3, 3);
  const result = verifyHeldOut(onCircle([0, 10, 90, 100, 180, 190, 270, 280]), labels)!;
  expect(result).toMatchObject({
    people: 4,
    faces: 8,
    genuinePairs: 4,
    impostorPairs: 24,
    auc: 1,
    accuracy: 1,
  });
  expect(result.genuineDeg).toBeCloseTo(10, 3);
  // Two digits: an angle of 180° is lost in the rounding of its cosine. 4 of each pair of neighbours: 80, 90, 90, 100; across: 170, 180, 180, 170.
  expect(result.impostorDeg).toBeCloseTo((4 * (80 + 90 + 90 + 100) + 2 * (180 + 180 + 170 + 170)) / 24, 2);
});

test("vectors without any meaning score as guessing does", () => {
  const random = seeded(4);
  const labels = Int32Array.from({ length: 120 }, (_, i) => i % 20);
  const { auc, accuracy, tarAtFar } = verifyHeldOut(
    onCircle([...labels].map(() => 360 * random.next())),
    labels,
  )!;
  expect(Math.abs(auc - 0.5)).toBeLessThan(0.06);
  expect(Math.abs(accuracy - 0.5)).toBeLessThan(0.06);
  expect(tarAtFar.map(({ far }) => far)).toEqual([1e-2, 1e-3]);
  for (const { far, tar } of tarAtFar) expect(tar).toBeLessThan(20 * far);
});

test("the rate of true matches is taken where false ones are at most so many, ties counted against it", () => {
  // One genuine pair of cosine 1 and impostor pairs of cosine 1 and less: at FAR 1 % nothing may pass that ties.
  const labels = Int32Array.of(0, 0, ...Array.from({ length: 20 }, (_, i) => i + 1));
  const { tarAtFar, auc } = verifyHeldOut(onCircle(new Array<number>(22).fill(45)), labels)!;
  expect(tarAtFar).toEqual([{ far: 1e-2, tar: 0 }]);
  expect(auc).toBe(0.5);
});

test("without pairs of both kinds there is no figure", () => {
  expect(verifyHeldOut(onCircle([0, 10]), Int32Array.of(0, 1))).toBeUndefined();
  expect(verifyHeldOut(onCircle([0, 10]), Int32Array.of(1, 1))).toBeUndefined();
});
