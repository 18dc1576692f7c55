import { expect, test } from "vitest";
import { z } from "zod";
import { FaceError, sentenceOf } from "./errors.ts";

test("a schema's complaint is told by its first issue, with its path, and how many more there are", () => {
  const { error } = z.object({ a: z.object({ b: z.number() }), c: z.string() }).safeParse({ a: { b: "x" } });
  expect(sentenceOf(error)).toMatch(/^a\.b: Invalid input: expected number.* \(and 1 more\)$/);
});

test("what says nothing is told by its kind, and only the first line of what says much", () => {
  expect(sentenceOf(new RangeError(""))).toBe("RangeError");
  expect(sentenceOf(new Error("first\nsecond"))).toBe("first");
  expect(sentenceOf("")).toBe("nothing said");
});

test("a failure has its parts, whether it was made of them or of its sentence", () => {
  const parts = { where: "a.jpg", expected: "a picture", got: "damaged data" };
  const made = new FaceError("BAD_IMAGE", parts);
  expect(made.message).toBe("a.jpg: expected a picture, got damaged data");
  expect(made).toMatchObject(parts);
  expect(new FaceError("BAD_IMAGE", made.message)).toMatchObject(parts);
  const system = new FaceError("STORAGE", "out: expected to write, got: ENOSPC: no space left");
  expect(system).toMatchObject({ where: "out", expected: "to write", got: "ENOSPC: no space left" });
  const other = new FaceError("CLOSED", "the pool was closed");
  expect([other.where, other.expected, other.got]).toEqual([undefined, undefined, undefined]);
  expect(new FaceError("LICENCE", "mask-net: its licence has not been accepted").where).toBe("mask-net");
});

test("a failure of bytes is told of the file that they came from", () => {
  const unnamed = new FaceError("BAD_IMAGE", "image: expected a picture, got damaged data");
  const named = unnamed.withName("a.jpg");
  expect(named.message).toBe("a.jpg: expected a picture, got damaged data");
  expect(named).toMatchObject({ code: "BAD_IMAGE", where: "a.jpg", cause: unnamed });
  expect(named.withName("a.jpg")).toBe(named);
  // A sentence about something else keeps its own beginning.
  expect(new FaceError("CLOSED", "recognizer: closed").withName("a.jpg").message).toBe(
    "a.jpg: recognizer: closed",
  );
});
