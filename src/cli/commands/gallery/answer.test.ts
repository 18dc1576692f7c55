import { expect, test } from "vitest";
import type { Identification } from "../../../gallery/index.ts";
import { answerText, type FaceAnswer } from "./answer.ts";

/** A face with an answer; of the face only its place is told. */
function faceOf(name: string | undefined, x: number): FaceAnswer {
  const person = name === undefined ? null : { id: 1, name };
  const who = { answer: person ? "person" : "unknown", person, candidates: [], rival: null, threshold: 0.4 };
  return {
    face: { box: { x, y: 0, width: 9, height: 9 } } as FaceAnswer["face"],
    who: who as unknown as Identification,
  };
}

test("one person named for several faces of a photograph is pointed out", () => {
  const lines = answerText("party.jpg", [faceOf("Ann", 1), faceOf("Ben", 2), faceOf("Ann", 3)]);
  expect(lines).toHaveLength(5);
  expect(lines[4]).toBe(
    "  Ann is named for 2 faces: at most one of them is right, unless the photograph shows Ann more than once",
  );
});

test("unknown faces and people named once are left at that", () => {
  expect(
    answerText("party.jpg", [faceOf("Ann", 1), faceOf(undefined, 2), faceOf(undefined, 3)]),
  ).toHaveLength(4);
});
