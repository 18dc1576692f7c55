import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const FOLDERS = ["src", "test", "tools", "bench", "examples", "web"];

/** The beginning of a comment, with its first words; "What" at the beginning of any line of one. */
const BEGINNING =
  /^\s*(?:(?:\/\*\*|\*|\/\/) (?=What )|\/\*\* |\/\*\*\n\s*\* |(?<!\/\/ .*\n\s*)\/\/ )((?:What|How|Whether|Which|Who|Whose|Why) .*)$/gm;

test("a comment names its thing: none begins with a clause about what, how or whether something is", () => {
  const found = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.(?:tsx?|js)$/.test(path) && !path.includes("node_modules"))
      .flatMap((path) =>
        [...readFileSync(join(ROOT, folder, path), "utf8").matchAll(BEGINNING)]
          .map(([, words]) => words!)
          // A question may ask.
          .filter((words) => !/\?(?: \*\/)?$/.test(words))
          .map((words) => `${folder}/${path}: ${words}`),
      ),
  );
  expect(found).toEqual([]);
});
