import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { normalize } from "../core/index.ts";
import { Gallery } from "./gallery.ts";
import { madePipeline, provenance } from "./made-faces.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-thresholds-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("a score that is the threshold itself is somebody's; the next higher threshold leaves them unknown", async () => {
  const clock = (): Date => new Date("2026-01-01T00:00:00Z");
  await using gallery = await Gallery.create(`sqlite:${join(folder, "people.db")}`, madePipeline(4), {
    clock,
  });
  await gallery.enrol([
    {
      name: "Ann",
      faces: [{ vector: normalize(Float32Array.of(1, 0, 0, 0)), provenance: provenance("a.jpg") }],
    },
    {
      name: "Bo",
      faces: [{ vector: normalize(Float32Array.of(0, 1, 0, 0)), provenance: provenance("b.jpg") }],
    },
  ]);
  const asked = normalize(Float32Array.of(4, 1, 3, 0));
  const [best] = await gallery.search(asked, 1);
  const { similarity, cosine } = best!;
  const higher = similarity + 1e-9;
  expect(await gallery.identify(asked, { threshold: similarity })).toMatchObject({
    answer: "person",
    person: { name: "Ann" },
  });
  expect(await gallery.identify(asked, { threshold: higher })).toMatchObject({
    answer: "unknown",
    person: null,
  });
  expect(await gallery.verify("Ann", asked, { threshold: cosine })).toMatchObject({ same: true, cosine });
  expect(await gallery.verify("Ann", asked, { threshold: cosine + 1e-9 })).toMatchObject({ same: false });
});
