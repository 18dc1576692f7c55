import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Landmarks, normalize } from "../core/index.ts";
import { madePipeline } from "../gallery/made-faces.ts";
import type { Pipeline } from "../models/index.ts";
import type { Face } from "./face.ts";
import { FaceCache, faceCacheNameOf } from "./face-cache.ts";

const PIPELINE = madePipeline(8);
const embedding = normalize(Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8));
const face: Face = {
  box: { x: 1.5, y: -2.25, width: 30, height: 40.125 },
  score: 0.987654321,
  landmarks: [1, 2, 3, 4, 5].map((i) => ({ x: i / 3, y: -i })) as unknown as Landmarks<"image">,
  embedding,
  norm: 3.25,
};
const photograph = { width: 9, height: 8, faces: [face] };
const [one, two, three] = ["a", "b", "c"].map((digit) => digit.repeat(64)) as [string, string, string];

const place = async (): Promise<string> =>
  join(await mkdtemp(join(tmpdir(), "arcface-cache-")), "made", "c.jsonl");

test("gives back what was added, to the bit, also that there is no face", async () => {
  const path = await place();
  await using first = await FaceCache.open(path, PIPELINE);
  await first.add(one, photograph);
  await first.add(two, { width: 5, height: 6, faces: [], warnings: ["cut off"] });
  await using second = await FaceCache.open(path, PIPELINE);
  expect(second.get(one)).toEqual(photograph);
  expect([...second.get(one)!.faces[0]!.embedding]).toEqual([...embedding]);
  expect(second.get(two)).toEqual({ width: 5, height: 6, faces: [], warnings: ["cut off"] });
  expect(second.get(three)).toBeUndefined();
});

test("goes on after a torn last line, and leaves out lines that are damaged", async () => {
  const path = await place();
  await using first = await FaceCache.open(path, PIPELINE);
  await first.add(one, photograph);
  await first.add(two, photograph);
  const text = await readFile(path, "utf8");
  await writeFile(path, `${text.slice(0, -20)}`);
  await using second = await FaceCache.open(path, PIPELINE);
  expect(second.get(one)).toBeDefined();
  expect(second.get(two)).toBeUndefined();
  await second.add(three, photograph);
  const [header, line] = (await readFile(path, "utf8")).split("\n");
  await using third = await FaceCache.open(path, PIPELINE);
  expect([third.get(one), third.get(three)]).toEqual([photograph, photograph]);
  const short = { ...JSON.parse(line!), faces: [{ ...JSON.parse(line!).faces[0], embedding: "AAAA" }] };
  await writeFile(path, `${header}\n${JSON.stringify(short)}\n`);
  await using fourth = await FaceCache.open(path, PIPELINE);
  expect(fourth.get(one)).toBeUndefined();
});

const others: readonly (readonly [string, Pipeline])[] = [
  ["BGR in place of RGB", { ...PIPELINE, feed: { ...PIPELINE.feed, channels: "BGR" } }],
  ["another network", { ...PIPELINE, model: { ...PIPELINE.model, sha256: "ef".repeat(32) } }],
  ["flip", { ...PIPELINE, flip: true }],
  ["another smallest face", { ...PIPELINE, detector: { ...PIPELINE.detector!, minFacePx: 60 } }],
  ["another detector", { ...PIPELINE, detector: { ...PIPELINE.detector!, sha256: "12".repeat(32) } }],
  ["other crops", { ...PIPELINE, alignment: { ...PIPELINE.alignment!, crop: 2 } }],
];

test.each(others)("gives nothing to a pipeline with %s, and is started anew by it", async (_, other) => {
  const path = await place();
  await using first = await FaceCache.open(path, PIPELINE);
  await first.add(one, photograph);
  await using second = await FaceCache.open(path, other);
  expect(second.get(one)).toBeUndefined();
  expect(faceCacheNameOf(other)).not.toBe(faceCacheNameOf(PIPELINE));
});

test("a cache of an earlier version is started anew", async () => {
  const path = await place();
  await using first = await FaceCache.open(path, PIPELINE);
  await first.add(one, photograph);
  const header = {
    format: "arcface-study-cache",
    version: 1,
    model: "made",
    dimension: 8,
    detector: "mtcnn",
  };
  const lines = (await readFile(path, "utf8")).split("\n");
  await writeFile(
    path,
    [JSON.stringify({ ...header, minFacePx: null, flip: false }), ...lines.slice(1)].join("\n"),
  );
  await using second = await FaceCache.open(path, PIPELINE);
  expect(second.get(one)).toBeUndefined();
});
