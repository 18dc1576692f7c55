import { expect, test } from "vitest";
import { parseAddress } from "./address.ts";

test.each([
  "sqlite::memory:",
  ":memory:",
  "sqlite:file:people.db?mode=memory",
  "sqlite:FILE:people.db",
  "sqlite:a\0b",
])("%j, which SQLite takes for something else than a file's path, is refused", (address) => {
  expect(() => parseAddress(address)).toThrow(
    expect.objectContaining({
      code: "USAGE",
      message: expect.stringContaining("expected the path of a file"),
    }),
  );
});

test("a path that only looks like one of SQLite's names is one with a folder in front", () => {
  expect(parseAddress("sqlite:./:memory:")).toEqual({ engine: "sqlite", path: "./:memory:" });
});
