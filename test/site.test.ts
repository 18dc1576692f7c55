import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { type Section, sidebar } from "../docs/.vitepress/sidebar.ts";
import { exitCodeOf } from "../src/cli/exit-codes.ts";
import { ERROR_CODES, type ErrorCode } from "../src/core/index.ts";
import { commandPages, program } from "../tools/site/commands.ts";
import { readSite } from "../tools/site/pages.ts";

const ROOT = resolve(import.meta.dirname, "..");
const { pages } = readSite();

/** The address of a page, as the sidebar writes it. */
const addressOf = (path: string): string => `/${path.replace(/\.md$/, "").replace(/(^|\/)index$/, "$1")}`;

function linksOf(entry: Section | { readonly link: string }): string[] {
  return "items" in entry ? entry.items.flatMap(linksOf) : [entry.link];
}

test("the sidebar has every page of the site once, and no other", () => {
  const addresses = [...pages.keys()].map(addressOf).filter((address) => address !== "/");
  expect(sidebar.flatMap(linksOf).sort()).toEqual(addresses.sort());
});

test("a page has no empty body, and begins with its heading", () => {
  for (const [path, text] of pages) expect(text, path).toMatch(/^# \S.*\n\n\S/);
});

test("every command of the program has a section with all its flags and its example", () => {
  const text = [...commandPages().values()].join("\n");
  const withAll = (command: Command): Command[] => [command, ...command.commands.flatMap(withAll)];
  const nameOf = (command: Command): string =>
    command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
  const commands = program().commands.flatMap(withAll);
  expect(commands.length).toBeGreaterThan(50);
  for (const command of commands) {
    const name = nameOf(command);
    expect(text).toMatch(new RegExp(`^##? ${name}$`, "m"));
    expect(text, name).toContain(`\narcface ${name}`);
    for (const { flags, hidden } of command.options)
      if (!hidden) expect(text, name).toContain(`| \`${flags.replaceAll("|", "\\|")}\` |`);
  }
});

test("every name of every door has its comment and its declaration", () => {
  const door = pages.get("reference/api/search.md")!;
  const section = /^## ExactIndex\n([\s\S]*?)^## /m.exec(door)?.[1];
  expect(section).toContain("Exact nearest neighbours, fast");
  expect(section).toContain("class ExactIndex implements VectorIndex");
  expect(section).toContain(
    "/** Throws FaceError USAGE for a dimension or a number of threads out of range. */",
  );
  expect(door).not.toContain("{@link");
  const api = readFileSync(join(ROOT, "docs", "api", "search.md"), "utf8");
  for (const [, name] of api.matchAll(/^(?:class|interface|function|const|type) (\w+)/gm))
    expect(door).toContain(`\n## ${name}\n`);
});

test("links of the site lead to pages and pictures of the site", () => {
  const { files } = readSite();
  const broken = [...pages].flatMap(([path, text]) =>
    [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const to = join(path, "..", target);
        return ![pages, files].some((known) => known.has(to)) && !files.has(join("public", to));
      })
      .map((target) => `${path}: ${target}`),
  );
  expect(broken).toEqual([]);
});

test("the table of error codes is that of the source, with the exit codes that the program ends with", () => {
  const text = readFileSync(join(ROOT, "docs", "reference", "errors.md"), "utf8");
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` \| (.*) \| (\d+) \|$/gm)].map(([, code, words, exit]) => [
    code,
    words,
    Number(exit),
  ]);
  const wanted = Object.entries(ERROR_CODES).map(([code, words]) => [
    code,
    words,
    exitCodeOf(code as ErrorCode),
  ]);
  expect(rows).toEqual(wanted);
});

test("the examples of the site are those of the folder, with what each does", () => {
  const names = readdirSync(join(ROOT, "examples")).filter((name) => name.endsWith(".js"));
  for (const name of names) {
    const text = pages.get(`examples/${name.replace(/\.js$/, ".md")}`)!;
    expect(text, name).toContain("```js\nimport ");
    expect(text, name).toMatch(/```sh\n[^\n]*(node examples|npm run demo)/);
  }
});
