import { expect, test } from "vitest";
import { visibleLines, visibleText } from "./visible-text.ts";

test("escapes, line ends, C1 controls, turned directions and invisible characters become text", () => {
  expect(visibleText("a\u001b[31mb\nc\r\td\u009be\u202ef\u2066g\u200bh\u007f\u2028\0")).toBe(
    "a\\u001b[31mb\\nc\\r\\td\\u009be\\u202ef\\u2066g\\u200bh\\u007f\\u2028\\u0000",
  );
});

test("names in any script, accents and emoji stay as they are", () => {
  const name = "Zoë Zoe\u0308 李小龍 مريم नेहा 👩‍🚀 a\\b";
  expect(visibleText(name)).toBe(name);
});

test("JSON stays the same JSON", () => {
  const value = { path: "a\u001b\u009b\u202e\n\u2028\ud800.jpg", n: [1.5, null] };
  const text = visibleLines([`${JSON.stringify(value)}\n`]);
  expect(JSON.parse(text)).toEqual(value);
  expect(text.slice(0, -1)).toMatch(/^[\x20-\x7e]*$/);
});

test("a line ends once, whether it brings its end or not, and cannot begin a second one", () => {
  expect(visibleLines(["a\n", "b", "c\nd\n", ""])).toBe("a\nb\nc\\nd\n\n");
});
