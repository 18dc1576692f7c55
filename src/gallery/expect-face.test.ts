import { expect, test } from "vitest";
import { keptDate } from "./expect-face.ts";

test("dates of years of four digits are kept, from the first to the last", () => {
  const kept = (text: string): string | null => keptDate("retain", new Date(text));
  expect(kept("0000-01-01T00:00:00Z")).toBe("0000-01-01T00:00:00.000Z");
  expect(kept("9999-12-31T23:59:59.999Z")).toBe("9999-12-31T23:59:59.999Z");
  expect(keptDate("retain", null)).toBeNull();
  expect(keptDate("retain", undefined)).toBeNull();
});

test.each([
  ["-000001-12-31T23:59:59Z", "year -1"],
  ["+010000-01-01T00:00:00Z", "year 10000"],
  ["some day", "one that is none"],
])("%s is no date that is kept", (text, got) => {
  expect(() => keptDate("retain", new Date(text))).toThrow(
    `retain: expected a date from year 0 to 9999, got ${got}`,
  );
});
