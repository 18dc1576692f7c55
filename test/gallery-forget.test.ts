import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { piecesOfVector } from "../src/gallery/erasure/index.ts";
import { type Erasure, Gallery } from "../src/gallery/index.ts";
import { Connection } from "../src/gallery/sqlite/connection.ts";
import { faceFor, STRESS_PIPELINE, vectorFor } from "./gallery-stress/made-vector.ts";
import { arcfaceHere as arcface, type CliResult, jsonLines } from "./run-cli.ts";

// Processes, and waiting for a reader that does not leave.
vi.setConfig({ testTimeout: 120_000 });

const clock = (): Date => new Date();

let folder: string;
let path: string;
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-forget-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  path = join(folder, `${made++}.db`);
  await using gallery = await Gallery.create(`sqlite:${path}`, STRESS_PIPELINE, { clock, threshold: 0.5 });
  // Of another photograph: what is kept of others cannot be proven to be gone.
  const { provenance, ...rest } = faceFor("kate.jpg");
  const kate = { ...rest, provenance: { ...provenance, sha256: null } };
  await gallery.enrol([
    { name: "Ann Example", faces: [faceFor("ann/0.jpg"), faceFor("ann/1.jpg")] },
    { name: "Keeper Kate", faces: [kate] },
  ]);
});

const command = async (...args: string[]): Promise<CliResult> =>
  await arcface(["gallery", ...args, "--gallery", `sqlite:${path}`]);
const receipts = async (...args: string[]): Promise<(Erasure & { proven: boolean })[]> =>
  jsonLines(await command("forget", ...args, "--json"));

/** The traces of Ann in the file and its log. */
async function left(): Promise<string[]> {
  const bytes = Buffer.concat(
    await Promise.all(["", "-wal"].map((ending) => readFile(path + ending).catch(() => Buffer.alloc(0)))),
  );
  const marks: Record<string, Buffer> = {
    name: Buffer.from("Ann Example"),
    source: Buffer.from("ann/0.jpg"),
    vector: Buffer.from(piecesOfVector(vectorFor("ann/0.jpg"))[0]!.bytes),
    crop: Buffer.from(faceFor("ann/1.jpg").crop!.subarray(1000, 1050)),
  };
  return Object.keys(marks).filter((mark) => bytes.includes(marks[mark]!));
}

/** Starts to forget Ann in a process of its own and kills it as soon as her rows are gone. */
async function forgetAndDie(): Promise<void> {
  const watch = await Connection.open(path);
  const child = spawn(
    process.execPath,
    ["bin/arcface.js", "gallery", "forget", "Ann Example", "--gallery", `sqlite:${path}`],
    {
      stdio: "ignore",
    },
  );
  const gone = new Promise<NodeJS.Signals | null>((resolve) =>
    child.on("close", (_, signal) => resolve(signal)),
  );
  for (const row = "SELECT 1 FROM erasure"; watch.get(row) === undefined; )
    await new Promise((resolve) => setTimeout(resolve, 1));
  child.kill("SIGKILL");
  expect(await gone).toBe("SIGKILL");
  watch.close();
}

test("an erasure whose process was killed is finished by the next command, whatever it is, and its receipt is kept", async () => {
  await forgetAndDie();
  expect((await command("list")).out).toBe("Keeper Kate: 1 face\n");
  expect(await left()).toEqual([]);
  const [receipt, ...more] = await receipts("--finish");
  expect(more).toEqual([]);
  expect(receipt).toMatchObject({ faces: 2, crops: 2, finished: true, proven: true });
  expect(receipt!.people).toEqual([{ id: expect.any(Number), names: [], faces: 2 }]);
  expect(receipt!.searched.map((file) => [file.path, file.hits])).toContainEqual([path, 0]);
  expect((await command("forget", "--finish")).out).toBe("nothing to finish\n");
});

test("forgetting the same name again after a kill gives the receipt; a third time there is nobody", async () => {
  await forgetAndDie();
  expect((await command("forget", "Ann Exemple")).err).toContain("expected someone of this gallery");
  const [receipt] = await receipts("Ann Example");
  expect(receipt).toMatchObject({ faces: 2, finished: true });
  expect(await left()).toEqual([]);
  expect((await command("forget", "Ann Example")).code).toBe(2);
});

test("while somebody reads an older state nothing can be proven, the receipt says so, and asking again finishes it", async () => {
  const reader = await Connection.open(path);
  reader.database.exec("BEGIN");
  reader.get("SELECT count(*) FROM vector");
  const [first] = await receipts("Ann Example");
  expect(first).toMatchObject({ faces: 2, finished: false, proven: false });
  expect(first!.notProven.join("\n")).toContain("could not be packed yet");
  expect(first!.searched.reduce((sum, { hits }) => sum + hits, 0)).toBeGreaterThan(0);
  const shown = await command("forget", "--finish");
  expect([shown.code, shown.out]).toEqual([
    3,
    expect.stringContaining("not finished: the next opening goes on"),
  ]);
  expect(await left()).not.toEqual([]);
  reader.database.exec("COMMIT");
  const [second] = await receipts("Ann Example");
  expect(second).toMatchObject({ faces: 2, finished: true, proven: true });
  expect(await left()).toEqual([]);
  reader.close();
});

test("a process that is killed when all is forgotten and nothing is printed yet leaves its receipt to --finish", async () => {
  const child = spawn(
    process.execPath,
    ["--import", join(import.meta.dirname, "killed-when-printing.js"), "bin/arcface.js"].concat([
      "gallery",
      "forget",
      "Ann Example",
      "--gallery",
      `sqlite:${path}`,
    ]),
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  const signal = await new Promise((resolve) => child.on("close", (_, by) => resolve(by)));
  expect([signal, out]).toEqual(["SIGKILL", ""]);
  expect((await command("list")).out).toBe("Keeper Kate: 1 face\n");
  const [receipt, ...more] = await receipts("--finish");
  expect(receipt).toMatchObject({ faces: 2, crops: 2, finished: true, proven: true });
  expect(more).toEqual([]);
  expect(await left()).toEqual([]);
  expect((await command("forget", "--finish")).out).toBe("nothing to finish\n");
});

test("numbers pick one of several, and are listed for it", async () => {
  await command("delete", "Ann Example");
  await using gallery = await Gallery.open(`sqlite:${path}`, { clock });
  const { result } = await gallery.enrol([{ name: "Ann Example", faces: [faceFor("other.jpg")] }]);
  const listed = await command("list", "Ann Example", "--ever");
  const [gone, there] = listed.out.trim().split("\n");
  expect(gone).toMatch(/^\d+ {2}Ann Example {2}gone, 2 faces kept$/);
  expect(there).toBe(`${result[0]!.person}  Ann Example  there, 1 face kept`);
  const [receipt] = await receipts("--person", gone!.split(" ")[0]!);
  expect(receipt).toMatchObject({ faces: 2, finished: true });
  expect((await gallery.person("Ann Example")).faces).toBe(1);
  for (const args of [
    ["--person", "x"],
    ["--person", "999"],
    [],
    ["Ann", "--person", "1"],
    ["Ann", "--finish"],
  ])
    expect([args, (await command("forget", ...args)).code]).toEqual([args, 2]);
});

test("what is written down of an open erasure holds nothing of the person", async () => {
  const reader = await Connection.open(path);
  await forgetAndDie();
  const row = reader.get<Record<string, string>>("SELECT * FROM erasure")!;
  const text = JSON.stringify(row);
  expect(text).not.toMatch(/Ann|ann\//);
  expect(text.length).toBeGreaterThan(500);
  reader.close();
  expect(readFileSync(path).length).toBeGreaterThan(0);
});
