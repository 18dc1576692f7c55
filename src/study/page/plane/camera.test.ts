import { expect, test } from "vitest";
import { pictureSide } from "../../report/page-data.ts";
import {
  isInside,
  LEGIBLE_PX,
  MAX_ZOOM,
  moved,
  thumbnailSide,
  toMap,
  toScreen,
  wholeMap,
  zoomed,
} from "./camera.ts";

const view = { width: 800, height: 600 };

test("the whole map lies inside the view", () => {
  const camera = wholeMap(view);
  for (const corner of [
    { x: 0, y: 0 },
    { x: 1, y: 1 },
  ]) {
    const { x, y } = toScreen(camera, view, corner);
    expect(x).toBeGreaterThan(0);
    expect(x).toBeLessThan(800);
    expect(y).toBeGreaterThan(0);
    expect(y).toBeLessThan(600);
  }
});

test("zooming keeps the place under the pointer where it is, and stops at both ends", () => {
  const at = { x: 300, y: 350 };
  const before = toMap(wholeMap(view), view, at);
  const closer = zoomed(wholeMap(view), view, 3, at);
  expect(toMap(closer, view, at).x).toBeCloseTo(before.x, 9);
  expect(toMap(closer, view, at).y).toBeCloseTo(before.y, 9);
  expect(zoomed(closer, view, 1e9, at).zoom).toBeCloseTo(wholeMap(view).zoom * MAX_ZOOM, 6);
  expect(zoomed(closer, view, 1e-9, at).zoom).toBeCloseTo(wholeMap(view).zoom * 0.6, 6);
});

test("moving by a distance moves what is seen by it, and never away from the map", () => {
  const camera = zoomed(wholeMap(view), view, 4, { x: 400, y: 300 });
  const before = toScreen(camera, view, { x: 0.5, y: 0.5 });
  expect(toScreen(moved(camera, 30, -20), view, { x: 0.5, y: 0.5 }).x).toBeCloseTo(before.x + 30, 6);
  expect(moved(camera, 1e9, 1e9).middle).toEqual({ x: 0, y: 0 });
});

test("a place is inside an outline whichever way it runs, and outside of its notch", () => {
  const notched = [
    { x: 0, y: 0 },
    { x: 4, y: 0 },
    { x: 4, y: 4 },
    { x: 2, y: 1 },
    { x: 0, y: 4 },
  ];
  for (const outline of [notched, [...notched].reverse()]) {
    expect(isInside({ x: 1, y: 1 }, outline)).toBe(true);
    expect(isInside({ x: 2, y: 3 }, outline)).toBe(false);
    expect(isInside({ x: 5, y: 1 }, outline)).toBe(false);
  }
});

test("thumbnails grow as one comes closer, up to what was stored", () => {
  const whole = wholeMap(view);
  const side = thumbnailSide(2000, view, whole, 64);
  expect(side).toBeLessThan(14);
  expect(thumbnailSide(2000, view, { ...whole, zoom: whole.zoom * 4 }, 64)).toBeGreaterThan(2 * side);
  expect(thumbnailSide(2000, view, { ...whole, zoom: whole.zoom * 60 }, 64)).toBe(64);
});

test("on a phone a thousand faces cover each other at no distance before their pictures are legible", () => {
  const phone = { width: 360, height: 520 };
  const whole = wholeMap(phone);
  const sides = [0.6, 1, 1.5, 2, 3].map((closer) => {
    const zoom = whole.zoom * closer;
    return {
      apart: Math.max(3, zoom * pictureSide(1000)),
      side: thumbnailSide(1000, phone, { ...whole, zoom }, 64),
    };
  });
  expect(sides[1]!.side).toBeCloseTo(5.49, 2);
  expect(sides.filter(({ side }) => side < LEGIBLE_PX)).toHaveLength(2);
  for (const { apart, side } of sides.slice(1)) expect(side).toBeLessThanOrEqual(apart + 1e-9);
  expect(thumbnailSide(1000, phone, { ...whole, zoom: whole.zoom * 40 }, 64)).toBe(64);
});
