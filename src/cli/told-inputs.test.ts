import { expect, test } from "vitest";
import { tellUnreadable } from "./told-inputs.ts";

/** The lines that are told of so many pictures, and the exit code. */
function told(count: number, json: boolean): { code: number; lines: string[] } {
  const lines: string[] = [];
  const io = {
    out: () => expect.unreachable(),
    err: (...said: readonly string[]) => void lines.push(...said),
    interactive: false,
    env: {},
    signal: new AbortController().signal,
  };
  const reasons = Array.from({ length: count }, (_, i) => `${i}.jpg: damaged`);
  return { code: tellUnreadable(io, { json }, reasons), lines };
}

test("pictures that cannot be read are named, ten of them, and the rest counted", () => {
  expect(told(0, false)).toEqual({ code: 0, lines: [] });
  expect(told(2, false)).toEqual({ code: 5, lines: ["arcface: 0.jpg: damaged", "arcface: 1.jpg: damaged"] });
  expect(told(10, false).lines).toHaveLength(10);
  expect(told(11, false).lines.at(-1)).toBe("arcface: 1 more picture could not be read");
  const { code, lines } = told(13, false);
  expect([code, lines.length, lines.at(-1)]).toEqual([5, 11, "arcface: 3 more pictures could not be read"]);
});

test("for a program they are one value, all of them", () => {
  const { code, lines } = told(13, true);
  expect(code).toBe(5);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { unreadable: Array.from({ length: 13 }, (_, i) => `${i}.jpg: damaged`) },
  ]);
});
