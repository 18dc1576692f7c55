import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { halfPhotographs, store } from "./pack.ts";
import { arcface, arcfaceHere, jsonLines } from "./run-cli.ts";

let photographs: Record<number, string>;
beforeAll(async () => {
  photographs = await halfPhotographs();
  await store.pull("mtcnn-rfb");
  await store.pull("fr-feature-512");
});

/** A kind of picture that is not read. */
const BMP = Buffer.from("BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "latin1");

/** A folder as telephones, storage boxes and office programs leave it. */
async function dirtyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "arcface dirty-"));
  for (const person of ["Bob ", "Zoe\u0308", "Zo\u00eb", "@eaDir", ".trash"]) {
    await mkdir(join(folder, person));
    await cp(photographs[6]!, join(folder, person, "a.jfif"));
  }
  await writeFile(join(folder, "Bob ", "IMG_1.BMP"), BMP);
  await writeFile(join(folder, "Bob ", "IMG_2.jpg"), BMP);
  await writeFile(join(folder, "Bob ", "Thumbs.db"), "x");
  return folder;
}

describe("a folder as it really is", () => {
  test("is embedded by content, and what is passed over is told by kind", async () => {
    const folder = await dirtyFolder();
    const out = join(folder, "..", "faces.jsonl");
    rmSync(out, { force: true });
    const told = await arcfaceHere(["embed", folder, "--out", out]);
    expect(told.code).toBe(0);
    expect(told.err).toContain(
      "2 BMP pictures passed over: BMP is not read here, convert them to JPEG or PNG",
    );
    expect(told.err).toContain("2 pictures in hidden or system files and folders passed over");
    const again = await arcfaceHere(["embed", folder, "--out", out, "--json"]);
    const [summary] = jsonLines<object>(again);
    expect(summary).toMatchObject({
      pictures: 3,
      skipped: 3,
      passedOver: { kinds: { BMP: { count: 2 } }, hidden: { count: 2 }, others: {}, unreadable: [] },
    });
    expect(JSON.parse(again.err)).toMatchObject({ passedOver: { kinds: { BMP: { count: 2 } } } });
  });

  test("is enrolled: people by their names in one spelling, which is told", async () => {
    const folder = await dirtyFolder();
    const gallery = ["--gallery", `sqlite:${join(await mkdtemp(join(tmpdir(), "arcface-")), "g.db")}`];
    await arcfaceHere(["gallery", "create", ...gallery]);
    const { code, err } = await arcfaceHere(["gallery", "enrol", "--people", folder, "--force", ...gallery]);
    expect(code).toBe(0);
    expect(err).toContain('the folder "Bob " is read as the person "Bob"');
    expect(err).toMatch(/the folders ".*" and ".*" are read as one person, "Zo\u00eb"/);
    const { out } = await arcfaceHere(["gallery", "list", ...gallery]);
    expect(out.split("\n").map((line) => line.replace(/:.*/, ""))).toEqual(["Bob", "Zo\u00eb", ""]);
  });

  test("without a picture that can be read is an error that says what lay there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "arcface bmp-"));
    await writeFile(join(folder, "a.bmp"), BMP);
    const { code, err } = await arcfaceHere(["detect", folder]);
    expect(code).toBe(3);
    expect(err).toBe(
      `1 BMP picture passed over: BMP is not read here, convert it to JPEG or PNG (${join(folder, "a.bmp")})\narcface: ${folder}: expected pictures, got none\n`,
    );
  });
});

test("embed goes on where files vanish, are emptied, or become folders while it runs, and lists them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "arcface churn-"));
  const name = (i: number): string => join(folder, `p${String(i).padStart(2, "0")}.jpg`);
  for (let i = 0; i < 24; i++) await cp(photographs[6]!, name(i));
  const out = `${folder}.jsonl`;
  const partial = `${out}.partial.jsonl`;
  let churned = false;
  const { code, err } = await arcface(["embed", folder, "--out", out, "--jobs", "1"], {}, () => {
    if (churned || !existsSync(partial) || statSync(partial).size === 0) return false;
    churned = true;
    rmSync(name(20));
    writeFileSync(name(21), "");
    writeFileSync(name(22), "hello");
    rmSync(name(23));
    mkdirSync(name(23));
    return false;
  });
  expect(churned).toBe(true);
  expect(err).toContain("4 of 24 failed");
  for (const i of [20, 21, 22, 23]) expect(err).toContain(name(i));
  expect(code).toBe(5);
  const paths = (await readFile(out, "utf8"))
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { path?: string }).path)
    .filter((path) => path !== undefined);
  expect(new Set(paths).size).toBe(20);
});

test.each([
  [
    "retain",
    ["gallery", "retain", "A", "31/12/2030"],
    'expected a date such as 2027-01-31, got "31/12/2030"',
  ],
  ["prune", ["gallery", "prune", "--deleted", "31/12/2025"], "expected a date such as 2027-01-31"],
  ["retain", ["gallery", "retain", "A", "2027-02-30"], "expected a day that the calendar has"],
  [
    "enrol",
    ["gallery", "enrol", "A", "a.jpg", "--expires", "30.2.2027"],
    "expected a date such as 2027-01-31",
  ],
])("gallery %s: what is no date is refused in a sentence", async (_, args, sentence) => {
  const { code, err } = await arcfaceHere([...args, "--gallery", "sqlite:/nowhere/none.db"]);
  expect(code).toBe(2);
  expect(err).toContain(sentence);
});
