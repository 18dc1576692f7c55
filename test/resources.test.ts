import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { RecognizerPool } from "arcface-ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { samplePhotographs, store } from "./pack.ts";
import { arcface } from "./run-cli.ts";

const cores = availableParallelism();
let folder: string;
let photographs: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-resources-"));
  photographs = Object.values(await samplePhotographs());
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("a pool that is asked for a billion workers has one per core", async () => {
  await using pool = await RecognizerPool.open({ store, workers: 1e9 });
  expect(pool.workers).toBe(cores);
});

test.skipIf(process.platform !== "linux")(
  "identifying many photographs at once starts no more threads than one does [reads /proc]",
  async () => {
    const gallery = ["--gallery", `sqlite:${join(folder, "people.db")}`];
    expect((await arcface(["gallery", "create", ...gallery])).code).toBe(0);
    const many = Array.from({ length: 10 }, () => photographs).flat();
    const few = await mostThreads(["gallery", "identify", ...photographs.slice(0, cores), ...gallery]);
    expect(few).toBeGreaterThan(cores);
    expect(await mostThreads(["gallery", "identify", ...many, ...gallery])).toBeLessThanOrEqual(few + 2);
  },
);

test("more jobs than cores are not started, and that is said", async () => {
  const { code, err } = await arcface([
    ...["embed", photographs[0]!, photographs[1]!],
    ...["--out", join(folder, "faces.jsonl"), "--jobs", "500"],
  ]);
  expect(code).toBe(0);
  expect(err).toContain(`--jobs: ${cores} in place of 500, as many as there are cores`);
});

/** The most threads that a command had at any time. */
async function mostThreads(args: readonly string[]): Promise<number> {
  const bin = join(import.meta.dirname, "..", "bin", "arcface.js");
  const child = spawn(process.execPath, [bin, ...args], { stdio: "ignore" });
  let most = 0;
  const watch = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    most = Math.max(most, Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 0));
  }, 20);
  await new Promise((resolve) => child.on("close", resolve));
  clearInterval(watch);
  return most;
}
