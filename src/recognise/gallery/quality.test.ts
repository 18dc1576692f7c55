import { expect, test } from "vitest";
import type { Landmarks } from "../../core/index.ts";
import { type Measured, QUALITY_DEFAULTS, qualityReasons, turnOf } from "./quality.ts";

/** A face from the front with the nose moved, all in pixels. */
function face({ eyes = 40, noseX = 0, noseY = 0, sharpness = 200, scale = 1 } = {}): Measured {
  const half = (eyes * scale) / 2;
  const point = (x: number, y: number) => ({ x: 100 + x, y: 100 + y });
  const landmarks = [
    point(-half, 0),
    point(half, 0),
    point(noseX, 20 + noseY),
    point(-15, 40),
    point(15, 40),
  ] as unknown as Landmarks<"image">;
  return { landmarks, sharpness, box: { x: 60, y: 60, width: 80, height: 100 } as Measured["box"] };
}
const codes = (measured: Measured): string[] =>
  qualityReasons(measured, QUALITY_DEFAULTS).map(({ code }) => code);

test("a sharp, large face from the front is good enough", () => {
  expect(codes(face())).toEqual([]);
});

test("each reason stands alone and names what was measured and the limit", () => {
  expect(qualityReasons(face({ eyes: 23 }), QUALITY_DEFAULTS)).toEqual([
    { code: "too-small", measured: 23, limit: 24 },
  ]);
  expect(qualityReasons(face({ sharpness: 35 }), QUALITY_DEFAULTS)).toEqual([
    { code: "blurred", measured: 35, limit: 36 },
  ]);
  const [turned] = qualityReasons(face({ noseX: -16 }), QUALITY_DEFAULTS);
  expect(turned).toMatchObject({ code: "turned-away", limit: QUALITY_DEFAULTS.maxTurn });
  expect(turned!.measured).toBeCloseTo(0.4, 6);
  const [raised] = qualityReasons(face({ noseY: -16 }), QUALITY_DEFAULTS);
  expect(raised).toMatchObject({ code: "turned-away", limit: QUALITY_DEFAULTS.maxTilt });
  expect(raised!.measured).toBeCloseTo(0.4, 6);
});

test("a face turned both ways gives one reason, and a face bad in every way gives all three", () => {
  expect(codes(face({ noseX: 20, noseY: 20 }))).toEqual(["turned-away"]);
  expect(codes(face({ eyes: 10, noseX: 20, sharpness: 1 }))).toEqual(["too-small", "blurred", "turned-away"]);
});

test("at the limits themselves a face passes", () => {
  expect(codes(face({ eyes: 24, sharpness: 36 }))).toEqual([]);
});

test("turn and tilt are 0 in the middle, one half at an eye and at the mouth", () => {
  expect(turnOf(face().landmarks)).toEqual({ turn: 0, tilt: 0 });
  expect(turnOf(face({ noseX: 20 }).landmarks).turn).toBeCloseTo(0.5, 9);
  expect(turnOf(face({ noseY: 20 }).landmarks).tilt).toBeCloseTo(0.5, 9);
  expect(turnOf(face({ eyes: 0 }).landmarks).turn).toBe(Number.POSITIVE_INFINITY);
});
