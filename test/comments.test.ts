import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const FOLDERS = ["src", "test", "tools", "bench", "examples"];

/** The beginning of a comment, or of a line of one, with its first words. */
const BEGINNING = /^\s*(?:\/\*\*|\*|\/\/) (What .*)$/gm;

test("a comment names its thing: none begins with a clause about what something is", () => {
  const found = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.(?:ts|js)$/.test(path) && !path.includes("node_modules"))
      .flatMap((path) =>
        [...readFileSync(join(ROOT, folder, path), "utf8").matchAll(BEGINNING)]
          .map(([, words]) => words!)
          // A question may ask what.
          .filter((words) => !/\?(?: \*\/)?$/.test(words))
          .map((words) => `${folder}/${path}: ${words}`),
      ),
  );
  expect(found).toEqual([]);
});
