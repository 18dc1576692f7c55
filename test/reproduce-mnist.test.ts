import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkoutCommit } from "../src/cli/checkout-commit.ts";
import { arcface } from "./run-cli.ts";

let out = "";
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "arcface-reproduce-"));
});
afterAll(async () => {
  await rm(out, { recursive: true });
});

test("reproduce mnist writes its numbers and both pictures, and prints the numbers", async () => {
  const few = ["--digits", "1000", "--epochs", "2", "--open-set-epochs", "0", "--embedding", "2"];
  const result = await arcface(["reproduce", "mnist", "--out", out, "--json", ...few]);
  expect(result.code, result.err).toBe(0);
  const report = JSON.parse(await readFile(join(out, "mnist.json"), "utf8")) as {
    commit: string | null;
    heads: Record<string, Record<string, number>>;
  };
  expect(JSON.parse(result.out)).toEqual(report);
  expect(report).toMatchObject({ experiment: "mnist", seed: 1, epochs: 2, embedding: 2, layout: "features" });
  expect(report.commit).toBe(checkoutCommit(join(import.meta.dirname, "..")) ?? null);
  expect(Object.keys(report.heads)).toEqual(["softmax", "normalised-softmax", "arcface"]);
  for (const head of Object.values(report.heads))
    for (const key of ["testAccuracy", "intraDeg", "interDeg", "marginDeg", "silhouette"])
      expect(Number.isFinite(head[key]), key).toBe(true);
  const svg = await readFile(join(out, "mnist.svg"), "utf8");
  expect(svg).toContain("ArcFace: a margin on the angle");
  expect(svg).toContain("prefers-color-scheme: dark");
  expect((await readFile(join(out, "mnist.png"))).subarray(1, 4).toString()).toBe("PNG");
});

test("a head that does not exist is named, with those that do", async () => {
  const result = await arcface(["reproduce", "mnist", "--out", out, "--heads", "arkface"]);
  expect(result.code).toBe(2);
  expect(result.err).toContain('got "arkface"');
  expect(result.err).toContain("sub-center-arcface");
});

test("Ctrl-C ends it within seconds, with exit code 130, a sentence, and no files", async () => {
  const stopped = join(out, "stopped");
  let interrupted = 0;
  const begun = (): boolean => {
    if (!existsSync(stopped)) return false;
    interrupted = performance.now();
    return true;
  };
  const result = await arcface(["reproduce", "mnist", "--out", stopped], {}, begun);
  expect(performance.now() - interrupted).toBeLessThan(10_000);
  expect(result.code, result.err).toBe(130);
  // Nothing where the machine was too busy to say it in the second that it has.
  expect(["", "arcface: stopped: the work was cancelled\n"]).toContain(result.err);
  expect(result.out).toBe("");
  expect(await readdir(stopped)).toEqual([]);
});
