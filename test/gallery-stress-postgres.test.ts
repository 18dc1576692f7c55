import { afterAll, describe, expect, test } from "vitest";
import { crashRounds, sideBySide } from "./gallery-stress/runs.ts";
import { missing, TestSchemas } from "./postgres-schemas.ts";

describe.skipIf(missing !== undefined)(`On PostgreSQL (${missing ?? "a server"}),`, () => {
  const schemas = new TestSchemas();
  afterAll(async () => {
    await schemas.drop();
  });

  // Every process starts a compiler of its own, and this machine may be busy.

  test("writers and readers that are killed at any moment leave every acknowledged change, none by half, beside one that forgets and lives on", async () => {
    const report = await crashRounds(() => schemas.fresh("exact").href, 2, 1);
    expect(report.wrong).toEqual([]);
    expect(report.processesKilled).toBe(8);
    expect(report.acknowledged).toBeGreaterThan(2);
  }, 180_000);

  test("writers and readers side by side lose no update and never hear of a lock", async () => {
    const report = await sideBySide(schemas.fresh("exact").href, {
      writers: 3,
      readers: 3,
      ms: 3000,
      seed: 2,
    });
    expect(report.wrong).toEqual([]);
    expect(report.counted).toBeGreaterThan(0);
    expect(report.answers).toBeGreaterThan(0);
  }, 180_000);
});
