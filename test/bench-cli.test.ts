import { expect, test } from "vitest";
import { arcface } from "./run-cli.ts";

test("bench search gives this machine's figures, recall included", async () => {
  const { code, out } = await arcface(["bench", "search", "--n", "500,3000", "--dimension", "64", "--json"]);
  expect(code).toBe(0);
  const { machine, search, rows } = JSON.parse(out) as {
    machine: { node: string };
    search: object;
    rows: { n: number; runs: number; p50Ms: number; p99Ms: number; perSecond: number; recall: object }[];
  };
  expect(machine.node).toBe(process.versions.node);
  expect(search).toEqual({ dimension: 64, threads: 1, k: 10 });
  expect(rows.map(({ n, runs, recall }) => ({ n, runs, recall }))).toEqual(
    [500, 3000].map((n) => ({ n, runs: 100, recall: { known: 1, strangers: 1 } })),
  );
  for (const row of rows) {
    expect(row.p50Ms).toBeGreaterThan(0);
    expect(row.p99Ms).toBeGreaterThanOrEqual(row.p50Ms);
    expect(row.perSecond).toBeGreaterThan(0);
  }
});

test("bench prints a table that can be pasted, a line a stage", async () => {
  const { code, out } = await arcface(["bench", "detect", "embed", "search", "--quick", "--n", "200"]);
  expect(code).toBe(0);
  const lines = out.split("\n").filter((line) => line.startsWith("|"));
  expect(lines.map((line) => line.split("|")[1]!.trim())).toEqual([
    "",
    "----------",
    "detect",
    "embed",
    "search 200",
  ]);
});

test("what bench does not know is wrong usage", async () => {
  expect((await arcface(["bench", "cooking"])).code).toBe(2);
  expect((await arcface(["bench", "search", "--n", "0"])).code).toBe(2);
});
