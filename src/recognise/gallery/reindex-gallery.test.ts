import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { Gallery } from "../../gallery/index.ts";
import { MadeFaces, madePipeline, provenance } from "../../gallery/made-faces.ts";
import type { Pipeline } from "../../models/index.ts";
import type { Recognizer } from "../recognizer.ts";
import { reindexGallery } from "./reindex-gallery.ts";

const pipeline = madePipeline(8);
const made = new MadeFaces(5, 8);
let crop: Uint8Array;
beforeAll(async () => {
  const grey = { create: { width: 112, height: 112, channels: 3 as const, background: "grey" } };
  crop = await sharp(grey).jpeg().toBuffer();
});

/** A recognizer that gives every crop the same vector, and finds no photograph. */
function recognizerOf(own: Pipeline): Recognizer {
  const fake = { pipeline: own, cropSizePx: 112, embed: async () => [made.direction()] };
  return fake as unknown as Recognizer;
}

/** A gallery with one face, of which the crop is there and the photograph is not. */
async function galleryWithCrop(): Promise<Gallery> {
  const path = join(await mkdtemp(join(tmpdir(), "arcface-reindex-")), "people.db");
  const gallery = await Gallery.create(`sqlite:${path}`, pipeline, {
    clock: () => new Date(0),
    threshold: 0.4,
  });
  const face = { vector: made.direction(), crop, provenance: provenance(join(path, "gone.jpg")) };
  await gallery.enrol([{ name: "Ann", faces: [face] }]);
  return gallery;
}

describe("a face whose photograph is gone", () => {
  test.each([
    ["another network", { ...pipeline, model: { ...pipeline.model, sha256: "99".repeat(32) } }],
    ["flip", { ...pipeline, flip: true }],
    ["another order of channels", { ...pipeline, feed: { ...pipeline.feed, channels: "BGR" as const } }],
  ])("moves to %s from its crop", async (_, next) => {
    await using gallery = await galleryWithCrop();
    expect(await reindexGallery(gallery, recognizerOf(next))).toEqual({
      embedded: 1,
      fromPhotographs: 0,
      fromCrops: 1,
      missing: [],
      finished: true,
    });
    expect(gallery.pipeline).toEqual(next);
  });

  test.each([
    ["alignment", { ...pipeline, alignment: { ...pipeline.alignment!, version: 2 } }],
    ["detector", { ...pipeline, detector: { ...pipeline.detector!, id: "other", sha256: "12".repeat(32) } }],
  ])("does not move to another %s, for its crop was cut another way", async (_, next) => {
    await using gallery = await galleryWithCrop();
    const report = await reindexGallery(gallery, recognizerOf(next));
    expect(report).toMatchObject({ embedded: 0, fromCrops: 0, finished: false });
    expect(report.missing).toHaveLength(1);
    expect(gallery.pipeline).toEqual(pipeline);
  });
});

test("a gallery that is of the pipeline already is left as it is", async () => {
  await using gallery = await galleryWithCrop();
  const report = await reindexGallery(gallery, recognizerOf(structuredClone(pipeline)));
  expect(report).toMatchObject({ embedded: 0, finished: true });
});
