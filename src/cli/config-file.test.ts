import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyConfig } from "./config-file.ts";
import { whole } from "./options.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-config-"));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

async function flagsOf(text: string, ...argv: readonly string[]): Promise<Record<string, unknown>> {
  const path = join(folder, "serve.yaml");
  await writeFile(path, text);
  const command = new Command("serve")
    .option("--gallery <address...>", "")
    .option("--allow-urls", "")
    .option("--max-body <bytes>", "", whole, 7)
    .addOption(new Option("--log-level <level>", "").choices(["info", "warn"]).default("info"));
  await command.parseAsync(argv, { from: "user" });
  await applyConfig(command, path);
  return command.opts();
}

test("flags come from the file, and the command line counts more", async () => {
  const text =
    "gallery:\n  - a=sqlite:a.db\n  - sqlite:b.db\nallow-urls: true\nmax-body: 5\nlog-level: warn\n";
  expect(await flagsOf(text, "--max-body", "9")).toEqual({
    gallery: ["a=sqlite:a.db", "sqlite:b.db"],
    allowUrls: true,
    maxBody: 9,
    logLevel: "warn",
  });
  expect(await flagsOf('{"gallery": "sqlite:a.db"}')).toMatchObject({ gallery: ["sqlite:a.db"], maxBody: 7 });
});

test.each([
  ["max-bdy: 1", "max-bdy: expected a flag of this command"],
  ["max-body: none", "a value that the flag takes"],
  ["max-body: [1, 2]", "one value, got 2"],
  ["allow-urls: maybe", "true or false"],
  ["log-level: loud", "one of info, warn"],
  ["- gallery", "names of flags"],
  ["a: [", "flags in YAML or JSON"],
])("a file with %s is refused with a sentence", async (text, sentence) => {
  await expect(flagsOf(text)).rejects.toThrow(sentence);
});
