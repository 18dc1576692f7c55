import { expect, test } from "vitest";
import { visibleText } from "./visible-text.ts";

test("escapes, line ends, C1 controls, turned directions and invisible characters become text", () => {
  expect(visibleText("a\u001b[31mb\nc\r\td\u009be\u202ef\u2066g\u200bh\u007f\u2028\0")).toBe(
    "a\\u001b[31mb\\nc\\r\\td\\u009be\\u202ef\\u2066g\\u200bh\\u007f\\u2028\\u0000",
  );
});

test("names in any script, accents and emoji stay as they are", () => {
  const name = "Zoë Zoe\u0308 李小龍 مريم नेहा 👩‍🚀 a\\b";
  expect(visibleText(name)).toBe(name);
});
