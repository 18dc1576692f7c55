import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { threadCount } from "./threads.ts";

test("there are never more threads than cores, whoever asks for them", () => {
  const cores = availableParallelism();
  expect([undefined, 1, 500, 1e9].map((asked) => threadCount(asked))).toEqual([cores, 1, cores, cores]);
  expect(threadCount(undefined, 1)).toBe(1);
  expect(threadCount(undefined, 1e9)).toBe(cores);
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
  "%s threads are refused in a sentence",
  (asked) => {
    expect(() => threadCount(asked)).toThrow(
      expect.objectContaining({
        code: "USAGE",
        message: `threads: expected a whole number above 0, got ${asked}`,
      }),
    );
  },
);
