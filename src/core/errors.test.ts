import { expect, test } from "vitest";
import { z } from "zod";
import { sentenceOf } from "./errors.ts";

test("a schema's complaint is told by its first issue, with its path, and how many more there are", () => {
  const { error } = z.object({ a: z.object({ b: z.number() }), c: z.string() }).safeParse({ a: { b: "x" } });
  expect(sentenceOf(error)).toMatch(/^a\.b: Invalid input: expected number.* \(and 1 more\)$/);
});

test("what says nothing is told by its kind, and only the first line of what says much", () => {
  expect(sentenceOf(new RangeError(""))).toBe("RangeError");
  expect(sentenceOf(new Error("first\nsecond"))).toBe("first");
  expect(sentenceOf("")).toBe("nothing said");
});
