import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { chooseFace, Recognizer, thumbnail } from "arcface-ts";
import { transform } from "esbuild";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Fence, fences } from "./fences.ts";
import { halfPhotographs, samplePhotographs, store } from "./pack.ts";
import { arcfaceHere } from "./run-cli.ts";

const ROOT = resolve(import.meta.dirname, "..");

/** The pages with blocks that are to be run. */
const pages = await pagesWithBlocks();
async function pagesWithBlocks(): Promise<{ readonly name: string; readonly blocks: readonly Fence[] }[]> {
  const docs = (await readdir(join(ROOT, "docs"), { recursive: true }))
    .filter((name) => name.endsWith(".md") && !name.startsWith("api/"))
    .map((name) => join("docs", name));
  const read = ["README.md", ...docs.sort()].map(async (name) => ({
    name,
    blocks: fences(await readFile(join(ROOT, name), "utf8")).filter(
      ({ language, runs }) => runs && ["ts", "js", "sh"].includes(language),
    ),
  }));
  return (await Promise.all(read)).filter(({ blocks }) => blocks.length > 0);
}

// Within the checkout, so that `arcface-ts` is this package, as built.
let folder: string;
beforeAll(async () => {
  await mkdir(join(ROOT, "out"), { recursive: true });
  folder = await mkdtemp(join(ROOT, "out", "documents-"));
  await writePhotographs(join(folder, "as-given"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The photographs that the documents speak of, under their names; most of the samples at half their size, to be quick. */
async function writePhotographs(to: string): Promise<void> {
  const samples = await samplePhotographs();
  const halves = await halfPhotographs();
  const half = async (number: number): Promise<Buffer> => await readFile(halves[number]!);
  const put = async (path: string, bytes: Uint8Array): Promise<void> => {
    await mkdir(join(to, path, ".."), { recursive: true });
    await writeFile(join(to, path), bytes);
  };
  for (const number of Object.keys(samples).map(Number))
    await put(
      `photographs/sample${number}.jpg`,
      // As they are where the largest face of a group is meant: at half the size that may be another.
      [1, 3].includes(number) ? await readFile(samples[number]!) : await half(number),
    );
  for (const number of [2, 3, 4]) await put(`holiday/${number}.jpg`, await half(number));
  for (const [name, number] of [
    ["party", 1],
    ["holiday", 2],
    ["1", 3],
    ["2", 4],
  ] as const)
    await put(`${name}.jpg`, await half(number));
  await using recognizer = await Recognizer.open({ store });
  // One person on two photographs, as a picture of the face alone.
  for (const [names, number] of [
    [["passport", "a", "ann"], 1],
    [["selfie", "b", "who"], 3],
  ] as const) {
    const photograph = await recognizer.detect(samples[number]!);
    const { box } = chooseFace(photograph.faces, "largest", photograph)!;
    for (const name of names) await put(`${name}.jpg`, await thumbnail(samples[number]!, box, 320));
  }
  // Other people, each as they are, darker and small.
  let person = 0;
  for (const number of [2, 4, 5])
    for (const { box } of (await recognizer.detect(samples[number]!)).faces) {
      const picture = await thumbnail(samples[number]!, box, 256);
      const own = `people/person ${String(++person).padStart(2, "0")}`;
      await put(`${own}/1.jpg`, await sharp(picture).jpeg().toBuffer());
      await put(`${own}/2.jpg`, await sharp(picture).modulate({ brightness: 0.6 }).jpeg().toBuffer());
      await put(`${own}/3.jpg`, await sharp(picture).resize(160).jpeg().toBuffer());
    }
  await put("server.js", Buffer.from('export { verify } from "arcface-ts";\n'));
}

describe.each(pages)("$name", ({ name, blocks }) => {
  const own = name.replace(/\W/g, "_");
  beforeAll(async () => {
    await cp(join(folder, "as-given"), join(folder, own), { recursive: true });
  });

  test.each(blocks)(
    "line $line runs",
    async (block) => {
      const where = join(folder, own);
      if (block.language === "sh")
        for (const line of commands(block.code)) await runCommand(wordsOf(line), where);
      else await runScript(await asModule(block, where), where);
    },
    600_000,
  );
});

/** The command lines of a block; `cd demo` is where the photographs are, which is where it begins. */
function commands(code: string): string[] {
  return code
    .split("\n")
    .map((line) => line.replace(/\s#\s.*$/, "").trim())
    .filter((line) => line !== "" && line !== "cd demo");
}

/** A command line of this program's in words. Anything else in a block that runs is a mistake of the document. */
function wordsOf(line: string): string[] {
  const [npx, program, ...words] = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain!,
  );
  expect(`${npx} ${program}`, `${line}: only the program itself is run, "norun" marks the rest`).toBe(
    "npx arcface-ts",
  );
  return words;
}

/** A block as a module that this Node runs. */
async function asModule({ language, code, line }: Fence, where: string): Promise<string> {
  const loader = language === "ts" ? "ts" : "js";
  const { code: script } = await transform(code, { loader, format: "esm", target: "node20" });
  const path = join(where, `line-${line}.mjs`);
  await writeFile(path, script);
  return path;
}

/** Some inputs failed and the rest was done: photographs that are refused belong to what is shown. */
const PARTIAL = 5;

/** Runs a command of this program in a folder; one that fails, fails the test with what it said. */
async function runCommand(args: readonly string[], cwd: string): Promise<void> {
  const before = process.cwd();
  process.chdir(cwd);
  try {
    const { code, out, err } = await arcfaceHere(args);
    expect([0, PARTIAL], `${args.join(" ")}: ${out}${err}`).toContain(code);
  } finally {
    process.chdir(before);
  }
}

/** Runs a script as a process in a folder; one that fails, fails the test with what it said. */
async function runScript(script: string, cwd: string): Promise<void> {
  await new Promise<void>((done, fail) =>
    execFile(process.execPath, [script], { cwd, env: process.env }, (error, stdout, stderr) => {
      if (error) fail(new Error(`${relative(ROOT, script)}: ${stdout}${stderr}`));
      else done();
    }),
  );
}

test("README and every guide has blocks that run", () => {
  const names = pages.map(({ name }) => name);
  expect(names).toContain("README.md");
  for (const guide of ["verify", "search-folder", "keep-people", "threshold", "read-a-study"])
    expect(names).toContain(`docs/guides/${guide}.md`);
  expect(names.filter((name) => name.startsWith("docs/coming-from/")).length).toBe(7);
});
