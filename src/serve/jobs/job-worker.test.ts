import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Gallery } from "../../gallery/index.ts";
import { madePipeline } from "../../gallery/made-faces.ts";
import { JobWorker, type JobWorkerOptions } from "./job-worker.ts";

const folder = await mkdtemp(join(tmpdir(), "arcface-job-worker-"));
afterAll(async () => await rm(folder, { recursive: true, force: true }));

test("a gallery is idle when every job has ended, an old one behind a hundred later ones as well", async () => {
  const clock = () => new Date(0);
  await using gallery = await Gallery.create(
    `sqlite:${join(folder, "g.db")}`,
    madePipeline(64, "test-model"),
    {
      clock,
    },
  );
  const worker = new JobWorker({ gallery, clock, holder: "a test" } as unknown as JobWorkerOptions);
  expect(await worker.isIdle()).toBe(true);
  const now = clock().toISOString();
  const create = async () =>
    await gallery.jobs.create(
      { kind: "map", input: "{}", shares: [{ ordinal: 0, step: "plan", units: 0, input: "[]" }] },
      now,
    );
  const first = await create();
  for (let i = 0; i < 101; i++) await gallery.jobs.cancel(await create(), now);
  expect(await worker.isIdle()).toBe(false);
  await gallery.jobs.cancel(first, now);
  expect(await worker.isIdle()).toBe(true);
});
