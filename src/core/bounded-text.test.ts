import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { expectShallowYaml, parseJson, readLines, readText, readTextSync } from "./bounded-text.ts";

const folder = mkdtempSync(join(tmpdir(), "arcface-text-"));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;
const file = (content: string | Buffer): string => {
  const path = join(folder, `${made++}`);
  writeFileSync(path, content);
  return path;
};
const linesOf = async (path: string): Promise<string[]> => {
  const lines: string[] = [];
  for await (const line of readLines(path)) lines.push(line);
  return lines;
};

test("lines end with LF or CRLF, the last one may have no end, and no other character ends one", async () => {
  expect(await linesOf(file("a\r\n\nb\u2028c\rd\nlast"))).toEqual(["a", "", "b\u2028c\rd", "last"]);
  expect(await linesOf(file(""))).toEqual([]);
  const long = "é".repeat(100_000);
  expect(await linesOf(file(`${long}\n${long}\n`))).toEqual([long, long]);
});

test("a line of 300 MB is refused after 16 MiB, in a sentence with its number", async () => {
  const path = file("first\n");
  truncateSync(path, 300_000_000);
  const before = process.memoryUsage.rss();
  await expect(linesOf(path)).rejects.toMatchObject({
    code: "BAD_FILE",
    message: `${path}: line 2: expected at most 16,777,216 bytes, got more`,
  });
  expect(process.memoryUsage.rss() - before).toBeLessThan(150e6);
});

test("a file is read up to the length that is asked for", async () => {
  const path = file("twelve bytes");
  expect(await readText(path, 12)).toBe("twelve bytes");
  expect(readTextSync(path, 12)).toBe("twelve bytes");
  await expect(readText(path, 11)).rejects.toThrow("more than 11 bytes");
  expect(() => readTextSync(path, 11)).toThrow("more than 11 bytes");
  await expect(readText(join(folder, "none"))).rejects.toMatchObject({ code: "ENOENT" });
});

test.skipIf(process.platform === "win32")("a device without end is no file without end", async () => {
  await expect(readText("/dev/zero")).rejects.toThrow("more than 4,194,304 bytes");
});

test("JSON is read up to 64 levels; brackets in strings are none", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  expect(parseJson(`{"a": ["]\\"[", ${JSON.stringify("[".repeat(100))}]}`)).toEqual({
    a: [']"[', "[".repeat(100)],
  });
  expect(parseJson(nested(64))).toEqual(JSON.parse(nested(64)));
  expect(parseJson(`[${"[],".repeat(1000)}1]`)).toHaveLength(1001);
  for (const text of [nested(65), "[".repeat(1e6), '{"a":'.repeat(1e6)])
    expect(() => parseJson(text)).toThrow("more than 64 levels");
  expect(() => parseJson("{")).toThrow(SyntaxError);
});

test("YAML nested more than 64 deep is refused before it is parsed, however it is nested", () => {
  const indented = Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n");
  for (const text of ["[".repeat(1e6), "{a: ".repeat(1e6), "- ".repeat(1e6), "? - ".repeat(100), indented])
    expect(() => expectShallowYaml(text)).toThrow("more than 64 levels");
  const settings = `head: { name: arcface, marginRad: 0.5 }\nvalues:\n${"  - [1, 2]\n".repeat(10_000)}# ----\n`;
  expect(() => expectShallowYaml(settings)).not.toThrow();
});
