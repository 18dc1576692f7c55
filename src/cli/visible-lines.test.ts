import { expect, test } from "vitest";
import { visibleLines } from "./visible-lines.ts";

test("JSON stays the same JSON", () => {
  const value = { path: "a\u001b\u009b\u202e\n\u2028\ud800.jpg", n: [1.5, null] };
  const text = visibleLines([`${JSON.stringify(value)}\n`]);
  expect(JSON.parse(text)).toEqual(value);
  expect(text.slice(0, -1)).toMatch(/^[\x20-\x7e]*$/);
});

test("a line ends once, whether it brings its end or not, and cannot begin a second one", () => {
  expect(visibleLines(["a\n", "b", "c\nd\n", ""])).toBe("a\nb\nc\\nd\n\n");
});
