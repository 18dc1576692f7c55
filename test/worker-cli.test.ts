import { type ChildProcess, execFile, spawn } from "node:child_process";
import { appendFile, copyFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openEmbeddings } from "arcface-ts";
import { createClient } from "arcface-ts/client";
import { Gallery } from "arcface-ts/gallery";
import { afterAll, beforeAll, expect, test } from "vitest";
import { halfPhotographs } from "./pack.ts";
import { missing, TestSchemas } from "./postgres-schemas.ts";
import { arcface } from "./run-cli.ts";

/*
 * Long work in processes that are killed with -9. Photographs are copies of a few, each with bytes of its own behind its end.
 */

const BIN = join(import.meta.dirname, "..", "bin", "arcface.js");
const clock = () => new Date();
const schemas = new TestSchemas();
const running = new Set<ChildProcess>();
let folder: string;
let photographs: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-worker-"));
  photographs = Object.values(await halfPhotographs());
});
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await schemas.drop();
  await rm(folder, { recursive: true, force: true });
});

/** A folder with so many photographs of each of the people, no two of the same bytes. */
async function copies(name: string, people: number, each: number): Promise<string> {
  const into = join(folder, name);
  for (let i = 0; i < people; i++) {
    await mkdir(join(into, `Person ${i}`), { recursive: true });
    for (let j = 0; j < each; j++) {
      const path = join(into, `Person ${i}`, `${j}.jpg`);
      await copyFile(photographs[i % photographs.length]!, path);
      await appendFile(path, `copy ${i} ${j}`);
    }
  }
  return into;
}

/** A process of the command line, and the lines of JSON that it has printed. */
function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [BIN, ...args, "--json", "--jobs", "1"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let [text, errors] = ["", ""];
  child.stdout.on("data", (part: Buffer) => {
    text += part.toString();
  });
  child.stderr.on("data", (part: Buffer) => {
    errors += part.toString();
  });
  const ended = new Promise<number>((settle) =>
    child.on("close", (code) => {
      running.delete(child);
      settle(code ?? -1);
    }),
  );
  const lines = () =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, number> & { url: string });
  const until = async (met: () => boolean): Promise<void> => {
    for (let tries = 0; !met(); tries++) {
      if (tries > 1200 || child.exitCode !== null) throw new Error(`never happened: ${text}${errors}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return { child, ended, lines, until, errors: () => errors };
}

const shares = (lines: readonly Record<string, unknown>[]) =>
  lines.flatMap(({ share }) => (typeof share === "number" ? [share] : []));

test.skipIf(missing !== undefined)(
  `workers share photographs on PostgreSQL; what a killed one held is taken over, and each face is in one shard${missing ? ` (${missing})` : ""}`,
  async () => {
    const address = schemas.fresh("exact").href;
    expect((await arcface(["gallery", "create", "--gallery", address])).code).toBe(0);
    const from = await copies("shards", 3, 4);
    const to = join(folder, "parts");
    const flags = ["worker", "--gallery", address, "--lease", "2"];
    const first = start(...flags, "--embed", from, "--to", to, "--share", "2");
    await first.until(() => first.lines().some(({ job }) => job !== undefined));
    const second = start(...flags, "--until-done");
    await first.until(() => shares(first.lines()).length > 0);
    first.child.kill("SIGKILL");
    await first.ended;
    expect(await second.ended, second.errors()).toBe(0);
    const done = [first, second].flatMap(({ lines }) => shares(lines()));
    // A share may have been kept in the moment in which its worker was killed, before that was printed.
    expect(new Set(done).size).toBe(done.length);
    const manifest = JSON.parse(await readFile(join(to, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({ format: "arcface-shards", photographs: 12, failed: 0 });
    const seen = new Map<string, number>();
    for (const { file, faces } of manifest.parts) {
      const { records } = await openEmbeddings(join(to, file));
      let rows = 0;
      for await (const { path } of records) {
        rows++;
        if (!seen.has(path)) seen.set(path, 0);
        seen.set(path, seen.get(path)! + 1);
      }
      expect(rows).toBe(faces);
    }
    const sum = [...seen.values()].reduce((a, b) => a + b, 0);
    expect(sum).toBe(manifest.faces);
    // Copies of one photograph have as many faces each: none is there twice, and none is missing.
    for (let person = 0; person < 3; person++) {
      const own = [0, 1, 2, 3].map((copy) => seen.get(`Person ${person}/${copy}.jpg`) ?? 0);
      expect(new Set(own).size, `Person ${person}: ${own}`).toBe(1);
    }
    const python = process.env["ARCFACE_TEST_DUCKDB"];
    if (python) expect(await askDuckDb(python, to)).toEqual([manifest.faces, manifest.faces]);
  },
);

/** Rows of the shards as DuckDB counts them, and rows by what tells a face from others. */
async function askDuckDb(python: string, to: string): Promise<number[]> {
  const script = `import duckdb, json, sys
parts = [sys.argv[1] + "/" + p["file"] for p in duckdb.sql("SELECT unnest(parts) AS p FROM read_json('" + sys.argv[1] + "/manifest.json', maximum_object_size=100000000)").fetchall() for p in p]
print(json.dumps(duckdb.sql("SELECT count(*), count(DISTINCT (path, face)) FROM read_parquet(" + repr(parts) + ") WHERE len(embedding) = 512").fetchall()[0]))`;
  const { stdout } = await promisify(execFile)(python, ["-c", script, to]);
  return JSON.parse(stdout) as number[];
}

test.skipIf(missing !== undefined)(
  `people are enrolled on PostgreSQL by workers that are killed, each photograph once${missing ? ` (${missing})` : ""}`,
  async () => {
    const address = schemas.fresh("exact").href;
    expect((await arcface(["gallery", "create", "--gallery", address])).code).toBe(0);
    const from = await copies("people", 5, 4);
    const flags = ["worker", "--gallery", address, "--lease", "2"];
    await using gallery = await Gallery.open(address, { clock });
    const first = start(...flags, "--enrol", from, "--force");
    await first.until(() => first.lines().some(({ job }) => job !== undefined));
    const id = first.lines()[0]!["job"]!;
    // It holds shares, and may have enrolled somebody of them.
    while ((await gallery.jobs.job(id))!.step !== "work")
      await new Promise((resolve) => setTimeout(resolve, 50));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    first.child.kill("SIGKILL");
    await first.ended;
    const second = start(...flags, "--until-done");
    expect(await second.ended, second.errors()).toBe(0);
    const last = (await gallery.jobs.job(id))!;
    expect(last).toMatchObject({ state: "done", done: 20, total: 20 });
    const faces = await gallery.records.faces({ limit: 100 });
    const digests = faces.map(({ provenance }) => provenance.sha256);
    expect(new Set(digests).size).toBe(digests.length);
    expect(faces.length).toBeGreaterThan(0);
    // Each of the others was refused with a reason: nothing is lost in between.
    const { counts } = last;
    const told = ["enrolled", "known", "rejected", "failed"].map((each) => counts[each] ?? 0);
    expect(told.reduce((a, b) => a + b, 0)).toBe(20);
    expect((counts["enrolled"] ?? 0) + (counts["known"] ?? 0)).toBe(faces.length);
  },
);

test("a service that is killed in the middle of a job goes on with it when it is started again", async () => {
  const from = await copies("service", 6, 4);
  const flags = [
    "serve",
    "--gallery",
    `sqlite:${join(folder, "served.db")}`,
    "--port",
    "0",
    "--allow-folder",
    from,
  ];
  const first = start(...flags, "--create");
  await first.until(() => first.lines().length > 0);
  const collection = "default";
  const client = createClient({ url: first.lines()[0]!.url });
  const { job } = await client.enrolJob({ collection, folder: from });
  let acknowledged = 0;
  for await (const { done } of await client.jobEvents({ collection, job })) {
    acknowledged = done;
    if (done > 0) break;
  }
  expect(acknowledged).toBeGreaterThan(0);
  first.child.kill("SIGKILL");
  await first.ended;
  const second = start(...flags);
  await second.until(() => second.lines().length > 0);
  const again = createClient({ url: second.lines()[0]!.url });
  expect((await again.job({ collection, job })).done).toBeGreaterThanOrEqual(acknowledged);
  let last = await again.job({ collection, job });
  for await (const each of await again.jobEvents({ collection, job })) last = each;
  expect(last).toMatchObject({ state: "done", done: 24, total: 24 });
  // The second process looked at no picture that the first one's events had counted.
  const figures = await (await again.metrics({})).text();
  const looked = Number(/^arcface_pictures_total (\d+)$/m.exec(figures)![1]);
  expect(looked).toBeLessThanOrEqual(24 - acknowledged);
  expect((await readdir(folder)).filter((name) => name.startsWith("served.db")).length).toBeGreaterThan(0);
  second.child.kill("SIGINT");
  await second.ended;
});
