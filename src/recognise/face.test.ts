import { expect, test } from "vitest";
import type { Space } from "../core/index.ts";
import type { Detection } from "../detect/index.ts";
import { chooseFace } from "./face.ts";

const face = <S extends Space = "image">(x: number, y: number, side: number): Detection<S> => ({
  box: { x, y, width: side, height: side },
  score: 0.9,
  landmarks: [
    { x, y },
    { x, y },
    { x, y },
    { x, y },
    { x, y },
  ],
});
const picture = { width: 1000, height: 1000 };
const corner = face(0, 0, 300);
const middle = face(450, 450, 100);

test("the largest face is chosen by area, the central one by distance from the middle too", () => {
  expect(chooseFace([corner, middle], "largest", picture)).toBe(corner);
  expect(chooseFace([corner, middle], "central", picture)).toBe(middle);
});

test("of two equal faces the first is chosen", () => {
  const twin = face(0, 0, 300);
  expect(chooseFace([corner, twin], "largest", picture)).toBe(corner);
});

test("no face is no face; several are an error only when there must be one", () => {
  expect(chooseFace([], "only", picture)).toBeUndefined();
  expect(chooseFace([middle], "only", picture)).toBe(middle);
  expect(() => chooseFace([corner, middle], "only", picture)).toThrow(
    expect.objectContaining({ code: "SEVERAL_FACES" }),
  );
});
