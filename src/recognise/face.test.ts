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

test("a doubtful box does not win over a face, nor a bystander in the background over the person in front", () => {
  const shirt = { ...face(200, 500, 330), score: 0.75 };
  const person = { ...face(380, 150, 280), score: 0.99 };
  const bystander = { ...face(480, 470, 40), score: 0.95 };
  expect(chooseFace([shirt, person], "largest", picture)).toBe(person);
  expect(chooseFace([bystander, shirt, person], "central", picture)).toBe(person);
});

test("a face is chosen by its number from 0, or by a point inside its box", () => {
  expect(chooseFace([corner, middle], 1, picture)).toBe(middle);
  expect(chooseFace([corner, middle], { x: 10, y: 290 }, picture)).toBe(corner);
  const inner = face(20, 20, 30);
  expect(chooseFace([corner, inner], { x: 30, y: 30 }, picture)).toBe(inner);
  expect(() => chooseFace([corner], 1, picture)).toThrow(/expected a number from 0 to 0/);
  expect(() => chooseFace([corner], { x: 900, y: 900 }, picture)).toThrow(/expected a point inside a face/);
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
