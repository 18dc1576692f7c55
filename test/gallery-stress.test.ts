import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { crashRounds, sideBySide } from "./gallery-stress/runs.ts";

// Every round starts three processes.
vi.setConfig({ testTimeout: 300_000 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-stress-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

// More rounds and more time: npm run bench gallery-crash, npm run bench gallery-processes.

test("writers and readers that are killed at any moment leave every acknowledged change, none by half, beside one that forgets and lives on", async () => {
  const report = await crashRounds(() => `sqlite:${join(folder, "crash.db")}`, 8, 1);
  expect(report.wrong).toEqual([]);
  expect(report.processesKilled).toBe(32);
  expect(report.acknowledged).toBeGreaterThan(20);
});

test("writers and readers side by side lose no update and never hear of a lock", async () => {
  const report = await sideBySide(`sqlite:${join(folder, "side.db")}`, {
    writers: 4,
    readers: 4,
    ms: 5000,
    seed: 2,
  });
  expect(report.wrong).toEqual([]);
  expect(report.counted).toBeGreaterThan(0);
  expect(report.answers).toBeGreaterThan(0);
});
