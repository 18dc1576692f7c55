import { expect, test } from "vitest";
import { noteOnMissingPath } from "./missing-path.ts";

test("a tilde and a pattern that no shell read get a way out, other missing paths none", () => {
  expect(noteOnMissingPath("~/holiday/")).toBe(
    'a shell makes "~" a folder, but not inside quotes: write the whole path',
  );
  expect(noteOnMissingPath("holiday/*.jpg")).toBe(
    'a shell fills in "*", but not inside quotes: name the folder',
  );
  expect(noteOnMissingPath("holiday/?.jpg")).toBe(
    'a shell fills in "?", but not inside quotes: name the folder',
  );
  expect(noteOnMissingPath("a~b/c.jpg")).toBeUndefined();
});
