/**
 * Looks for the faces of LFW's pictures once, embeds them with several networks, with and without flip, and keeps them where
 * `evaluate` and `calibrate` look: what takes longest of a calibration is then done once, not once for each.
 *
 *   npx tsx tools/fill-face-caches.ts PART PARTS IMAGES PAIRS MODEL…      (after npm run build; parts run side by side)
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readLfwPairs } from "../src/evaluate/index.ts";
import { ModelStore, sha256 } from "../src/models/index.ts";
import { FaceCache, FaceFinder, faceCacheNameOf, openEmbedder, pipelineOf } from "../src/recognise/index.ts";

const [part, parts, images, pairs, ...models] = process.argv.slice(2);
const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
const finder = await FaceFinder.open({ store });
const sinks = [];
for (const model of models) {
  const { embedder, network } = await openEmbedder(store, model);
  for (const flip of [false, true]) {
    const pipeline = pipelineOf(store, network, { flip });
    const path = join(store.home, "evaluations", faceCacheNameOf(pipeline));
    sinks.push({ embedder, flip, cache: await FaceCache.open(path, pipeline) });
  }
}
const { pictures } = await readLfwPairs(images!, pairs!);
for (const [i, picture] of pictures.entries()) {
  if (i % Number(parts) !== Number(part) || typeof picture.source !== "string") continue;
  const digest = sha256(await readFile(picture.source));
  const open = sinks.filter(({ cache }) => !cache.get(digest));
  if (open.length === 0) continue;
  const photograph = await finder.align(picture.source, 112);
  const crops = photograph.faces.map((face) => face.crop);
  for (const { embedder, flip, cache } of open) {
    const measured = await embedder.embedMeasured(crops, { flip });
    const faces = photograph.faces.map(({ crop: _, ...face }, at) => {
      const { vector, norm } = measured[at]!;
      return { ...face, embedding: vector, norm };
    });
    await cache.add(digest, { ...photograph, faces });
  }
}
for (const { cache } of sinks) await cache.close();
await finder.close();
