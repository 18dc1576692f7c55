import { expect, test } from "vitest";
import { z } from "zod";
import { FaceError, internal, sentenceOf, wordsOf } from "./errors.ts";

test("a schema's complaint is told by its first issue, with its path, and how many more there are", () => {
  const { error } = z.object({ a: z.object({ b: z.number() }), c: z.string() }).safeParse({ a: { b: "x" } });
  expect(sentenceOf(error)).toMatch(/^a\.b: Invalid input: expected number.* \(and 1 more\)$/);
});

test("what says nothing is told by its kind, and only the first line of what says much", () => {
  expect(sentenceOf(new RangeError(""))).toBe("RangeError");
  expect(sentenceOf(new Error("first\nsecond"))).toBe("first");
  expect(sentenceOf("")).toBe("nothing said");
});

test("a failure has its parts, and one sentence of them", () => {
  const parts = { where: "a.jpg", expected: "a picture", got: "damaged data" };
  const made = new FaceError("BAD_IMAGE", parts);
  expect(made.message).toBe("a.jpg: expected a picture, got damaged data");
  expect(made).toMatchObject(parts);
  expect(new FaceError("SHAPE", { ...parts, got: 3, note: "crop it" }).message).toBe(
    "a.jpg: expected a picture, got 3; crop it",
  );
  const cause = new Error("ENOSPC: no space left\nat write");
  const system = new FaceError("STORAGE", { where: "out", expected: "to write", cause });
  expect(system.message).toBe("out: expected to write, got: ENOSPC: no space left");
  expect(system).toMatchObject({ where: "out", expected: "to write", got: "ENOSPC: no space left", cause });
  const other = new FaceError("LICENCE", { where: "mask-net", problem: "its licence has not been accepted" });
  expect(other.message).toBe("mask-net: its licence has not been accepted");
  expect([other.where, other.expected, other.got]).toEqual(["mask-net", undefined, undefined]);
  expect(new FaceError("USAGE", { where: "", problem: "unknown option" }).message).toBe("unknown option");
  expect(wordsOf({ expected: "one", got: 2 })).toBe("expected one, got 2");
  expect(wordsOf({ expected: "one", reason: "there are two", note: "" })).toBe(
    "expected one, got: there are two",
  );
});

test("what would act on a terminal is written out in the sentence, and kept in the parts", () => {
  const failure = new FaceError("BAD_FILE", {
    where: "a\u001b[31m.jpg",
    expected: "a picture",
    got: "\u202e",
    note: "a\nb",
  });
  expect(failure.message).toBe("a\\u001b[31m.jpg: expected a picture, got \\u202e; a\\nb");
  expect(failure).toMatchObject({ where: "a\u001b[31m.jpg", got: "\u202e" });
  // A sentence inside another is not written out twice.
  expect(internal(failure.message).message).toBe(`internal: ${failure.message}`);
});

test("a failure's parts come through to another thread, and make it again", () => {
  const cause = new Error("EIO: i/o error");
  for (const made of [
    new FaceError("BAD_FILE", { where: "a", expected: "b", cause }),
    new FaceError("BAD_FILE", { where: "a", expected: "b", got: "c", note: "d", cause }),
    internal("no place left", cause),
  ]) {
    const parts = structuredClone(made.parts);
    const again = new FaceError(parts.code, parts);
    expect(again.message).toBe(made.message);
    expect(again.parts).toEqual(made.parts);
    expect(again.cause).toBeUndefined();
    expect(again.got).toBe(made.got);
  }
});

test("a defect says so, in words or in parts", () => {
  expect(internal("no way").message).toBe("internal: no way");
  const parts = internal({ where: "fft", expected: "a length", got: 0 });
  expect(parts).toMatchObject({ code: "INTERNAL", message: "internal: fft: expected a length, got 0" });
});

test("a failure of bytes is told of the file that they came from", () => {
  const unnamed = new FaceError("BAD_IMAGE", {
    where: "image",
    expected: "a picture",
    got: "damaged data",
    note: "n",
  });
  const named = unnamed.withName("a.jpg");
  expect(named.message).toBe("a.jpg: expected a picture, got damaged data; n");
  expect(named).toMatchObject({ code: "BAD_IMAGE", where: "a.jpg", cause: unnamed });
  expect(named.withName("a.jpg")).toBe(named);
  expect(named.withNote("m")).toMatchObject({ message: `${named.message}; m`, cause: named });
  const placeless = new FaceError("BAD_MODEL", { where: "", expected: "a network", reason: "x" });
  expect(placeless.withName("a.onnx").withNote("try b").message).toBe(
    "a.onnx: expected a network, got: x; try b",
  );
  // A sentence about something else keeps its own beginning.
  expect(new FaceError("CLOSED", { where: "recognizer", problem: "closed" }).withName("a.jpg").message).toBe(
    "a.jpg: recognizer: closed",
  );
});
