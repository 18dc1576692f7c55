import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SOURCE = join(import.meta.dirname, "../src");

/** Lines of the library without comments, each behind its file's name and number. */
const LINES = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !/\.(?:test|contract)\.ts$/.test(path))
  .flatMap((path) =>
    readFileSync(join(SOURCE, path), "utf8")
      .replace(/\/\*.*?\*\//gs, (comment) => comment.replace(/[^\n]/g, ""))
      .split("\n")
      .map((line, i) => ({ path, at: `${path}:${i + 1}`, code: line.replace(/(?<=^|\s)\/\/.*$/, "") })),
  );

test("a sentence of an error is put together in one place", () => {
  const found = LINES.filter(
    ({ path, code }) => path !== "core/errors.ts" && /expected .*, got\b/.test(code),
  );
  expect(found.map(({ at }) => at)).toEqual([]);
  expect(LINES.filter(({ code }) => /expected .*got /.test(code)).map(({ path }) => path)).toContain(
    "core/errors.ts",
  );
});

/** Words of others that are read because these say no more: the engine's, SQLite's driver's, the parsers' of flags and schemas. */
const WORDS_OF_OTHERS: ReadonlySet<string> = new Set([
  "cli/main.ts",
  "gallery/sqlite/driver.ts",
  "onnx/uncopied-outputs.ts",
  "serve/read-pictures.ts",
  "train/run/parse-settings.ts",
]);

test("no message is taken apart again", () => {
  const taken =
    /\bmessage\??\s*\.\s*(?:at|charAt|endsWith|includes|indexOf|lastIndexOf|match|matchAll|replace|replaceAll|search|slice|split|startsWith|substring|trim)\b|\.(?:test|exec)\([^()]*\bmessage\b/;
  const found = LINES.filter(({ code }) => taken.test(code)).map(({ path }) => path);
  expect([...new Set(found)].sort()).toEqual([...WORDS_OF_OTHERS].sort());
});
