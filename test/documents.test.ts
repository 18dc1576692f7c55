import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { transform } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { commandTree } from "../src/cli/main.ts";
import { fences } from "./fences.ts";

const ROOT = resolve(import.meta.dirname, "..");
const documents = [
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md"].map((name) =>
    join(ROOT, name),
  ),
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(ROOT, "docs", name)),
].map((path) => ({ path, name: relative(ROOT, path), text: readFileSync(path, "utf8") }));

// Within the checkout, so that `arcface-ts` is this package, as built.
mkdirSync(join(ROOT, "node_modules", ".cache"), { recursive: true });
const folder = mkdtempSync(join(ROOT, "node_modules", ".cache", "documents-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The examples in the comments of the source: of the names that people meet first. */
const comments = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => {
    const text = readFileSync(join(ROOT, "src", name), "utf8").replace(/^ \* ?/gm, "");
    return { name: `src/${name}`, text };
  });

test("every block of TypeScript in README, docs and comments compiles against the built package", async () => {
  const blocks = [...documents, ...comments].flatMap(({ name, text }) =>
    fences(text)
      .filter(({ language }) => language === "ts")
      .map((block) => ({ ...block, name })),
  );
  expect(blocks.filter(({ name }) => name === "README.md")).not.toEqual([]);
  expect(blocks.filter(({ name }) => name.startsWith("src/")).length).toBeGreaterThan(20);
  // A module each, in a folder without the package's own, as in a project of the reader's.
  for (const { name, line, code } of blocks)
    writeFileSync(join(folder, `${name.replace(/\W/g, "_")}_${line}.ts`), `${code}\nexport {};\n`);
  const config = {
    compilerOptions: {
      target: "es2023",
      module: "nodenext",
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ["node"],
      lib: ["es2023", "esnext.disposable"],
      paths: typesOfPackage(),
    },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  expect(await compile(folder)).toBe("");
}, 180_000);

test("every block of JavaScript in README and docs can be parsed", async () => {
  const blocks = documents.flatMap(({ name, text }) =>
    fences(text)
      .filter(({ language }) => language === "js")
      .map((block) => ({ ...block, name })),
  );
  expect(blocks.length).toBeGreaterThan(3);
  for (const { name, line, code } of blocks)
    await expect(transform(code, { format: "esm" }), `${name}, line ${line}`).resolves.toBeDefined();
});

/** The place of the types of `arcface-ts` and its doors lie, by the package's own `exports`. */
function typesOfPackage(): Record<string, string[]> {
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    exports: Record<string, string | { readonly types: string }>;
  };
  return Object.fromEntries(
    Object.entries(exports).flatMap(([door, target]) =>
      typeof target === "string" ? [] : [[`arcface-ts${door.slice(1)}`, [join(ROOT, target.types)]]],
    ),
  );
}

/** The compiler's complaints about a project, or nothing. */
async function compile(project: string): Promise<string> {
  const compiler = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  return await new Promise((done) =>
    execFile(process.execPath, [compiler, "-p", project], (_, stdout, stderr) => done(stdout + stderr)),
  );
}

test("every relative link in a document leads to a file, and to a heading of it where one is named", () => {
  const broken = documents.flatMap(({ path, name, text }) =>
    [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [file = "", anchor] = target.split("#");
        const to = file === "" ? path : resolve(dirname(path), file);
        if (!existsSync(to)) return true;
        return anchor !== undefined && !headings(readFileSync(to, "utf8")).has(anchor);
      })
      .map((target) => `${name}: ${target}`),
  );
  expect(broken).toEqual([]);
});

test("every picture in a document is made by npm run pictures or npm run golden", () => {
  const makers = readFileSync(join(ROOT, "tools", "pictures.ts"), "utf8").slice(0, 1500);
  const shown = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/!\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target]) =>
      relative(ROOT, resolve(dirname(path), target!)).replaceAll("\\", "/"),
    ),
  );
  expect(shown).toContain("docs/pictures/mnist.svg");
  const unknown = shown.filter(
    (picture) =>
      !/^docs\/(?:golden|margin)\/[\w-]+\.svg$/.test(picture) &&
      !(dirname(picture) === "docs/pictures" && makers.includes(basename(picture))),
  );
  expect(unknown).toEqual([]);
});

test("every file of the source that ARCHITECTURE and CONTRIBUTING name is there", () => {
  const named = documents
    .filter(({ name }) => name === "ARCHITECTURE.md" || name === "CONTRIBUTING.md")
    .flatMap(({ name, text }) =>
      [...text.matchAll(/`((?:[\w-]+\/)+(?:[\w.-]+\.(?:ts|js|py))?)`/g)].map(([, path]) => ({
        name,
        path: path!,
      })),
    )
    // A way to a file that is still to be written.
    .filter(({ path }) => !path.includes("NAME"));
  expect(named.length).toBeGreaterThan(80);
  const missing = named.filter(
    ({ path }) => !existsSync(join(ROOT, path)) && !existsSync(join(ROOT, "src", path)),
  );
  expect(missing).toEqual([]);
});

test("every folder of the source is a chapter of ARCHITECTURE", () => {
  const { text } = documents.find(({ name }) => name === "ARCHITECTURE.md")!;
  const chapters = [...text.matchAll(/^\| `([\w-]+)\/` /gm)].map(([, folder]) => folder!);
  const folders = readdirSync(join(ROOT, "src"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(chapters.sort()).toEqual(folders.map(({ name }) => name).sort());
});

test("ARCHITECTURE tells nine journeys", () => {
  const { text } = documents.find(({ name }) => name === "ARCHITECTURE.md")!;
  const journeys = [...text.matchAll(/^## (?:A|An) (.*)'s journey$/gm)].map(([, who]) => who);
  expect(journeys.sort()).toEqual([
    "identity",
    "image",
    "model",
    "person",
    "request",
    "search",
    "study",
    "training run",
    "verdict",
  ]);
});

/** The anchors of a document's headings, as GitHub makes them. */
function headings(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replace(/\s/g, "-"),
    ),
  );
}

const nothing = (): void => {};
const io = {
  out: nothing,
  err: nothing,
  interactive: false,
  env: {},
  signal: new AbortController().signal,
};
const program = commandTree(io, () => async () => {}, false);

/** Says why a command line of a document is not one of the program's, if it is not. */
function complaint(line: string): string | undefined {
  const words = line.split(/\s+/).slice(1);
  let command: Command = program;
  for (;;) {
    const next = command.commands.find((each) => each.name() === words[0]);
    if (!next) break;
    command = next;
    words.shift();
  }
  if (command.commands.length > 0 && words[0] !== undefined && !words[0].startsWith("-"))
    return `${line}: there is no command ${words[0]}`;
  const flags = new Set([...command.options.flatMap(({ short, long }) => [short, long]), "-h", "--help"]);
  if (command === program) flags.add("-V").add("--version");
  const unknown = words.find((word) => /^--?[a-z]/i.test(word) && !flags.has(word.split("=")[0]!));
  return unknown === undefined ? undefined : `${line}: ${command.name()} has no flag ${unknown}`;
}

/** Command lines of a document: in fenced blocks and in code within lines. */
function commandLines(text: string): string[] {
  const fenced = fences(text).flatMap(({ language, code }) =>
    language === "ts" ? [] : code.split("\n").map((line) => line.replace(/\s#\s.*$/, "").replace(/^\$ /, "")),
  );
  const inline = [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/`([^`\n]+)`/g)].map(
    ([, code]) => code!,
  );
  return [...fenced, ...inline]
    .map((line) => line.trim().replace(/^npx /, ""))
    .filter((line) => /^arcface(?:-ts)? [a-z-]/.test(line));
}

test("a command or a flag that does not exist is complained about", () => {
  expect(complaint("arcface-ts compare a.jpg b.jpg --flip")).toBeUndefined();
  expect(complaint("arcface-ts comparison a.jpg")).toContain("no command comparison");
  expect(complaint("arcface-ts gallery created")).toContain("no command created");
  expect(complaint("arcface-ts gallery create --people x")).toContain("no flag --people");
});

test("every command line in a document is one of the program's, with flags that it has", () => {
  const lines = documents
    .filter(({ name }) => name !== "CHANGELOG.md")
    .flatMap(({ name, text }) => commandLines(text).map((line) => ({ name, line })));
  expect(lines.filter(({ name }) => name === "README.md").length).toBeGreaterThan(15);
  const complaints = lines.flatMap(({ name, line }) => {
    const why = complaint(line);
    return why === undefined ? [] : [`${name}: ${why}`];
  });
  expect(complaints).toEqual([]);
});

const examples = readdirSync(join(ROOT, "examples"))
  .filter((name) => name.endsWith(".js"))
  .map((name) => ({ name, text: readFileSync(join(ROOT, "examples", name), "utf8") }));

test("every example but the demo is short, says how it is run, and asserts what it shows", () => {
  const shown = examples.filter(({ name }) => name !== "demo.js");
  expect(shown.length).toBeGreaterThanOrEqual(12);
  for (const { name, text } of shown) {
    expect(text.split("\n").length, name).toBeLessThan(60);
    expect(text, name).toContain(`node examples/${name}`);
    expect(text, name).toMatch(/\bassert\b[.(]/);
  }
});

test("every example is named in the list of examples, with what it does", () => {
  const list = readFileSync(join(ROOT, "examples", "README.md"), "utf8");
  expect(examples.filter(({ name }) => !list.includes(`[${name}](${name})`)).map(({ name }) => name)).toEqual(
    [],
  );
});

test("README is at most 900 words", () => {
  const readme = documents.find(({ name }) => name === "README.md")!;
  expect(readme.text.split(/\s+/).filter((word) => word !== "").length).toBeLessThanOrEqual(900);
});
