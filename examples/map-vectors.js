/**
 * A map of any vectors: t-SNE brings 300 vectors of 64 numbers into the plane, and says how faithful the map is.
 *
 * node examples/map-vectors.js
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { normalize, seeded } from "arcface-ts";
import { embeddingMap } from "arcface-ts/plot";
import { centredPointsOf, embedTsne, layoutQuality } from "arcface-ts/project";

const GROUPS = 5;
const EACH = 60;
const LENGTH = 64;

// Vectors about five centres; put rows of your own here, of any length.
const random = seeded(1);
const draw = () => Float32Array.from({ length: LENGTH }, () => random.next() - 0.5);
const centres = Array.from({ length: GROUPS }, draw);
const groups = Array.from({ length: GROUPS * EACH }, (_, i) => Math.floor(i / EACH));
const vectors = groups.map((group) => {
  const noise = draw();
  return normalize(centres[group].map((value, i) => value + noise[i]));
});

const points = centredPointsOf(vectors);
const { layout, perplexity } = await embedTsne(points, { seed: 1, iterations: 500 });
const quality = await layoutQuality(points, layout);
console.log(`perplexity ${perplexity}, trustworthiness ${quality.trustworthiness.toFixed(3)}`);
assert.ok(quality.trustworthiness > 0.8, "neighbours in the map are neighbours");

const folder = await mkdtemp(join(tmpdir(), "map-"));
try {
  const places = groups.map((group, i) => ({
    x: layout[2 * i],
    y: layout[2 * i + 1],
    group: `group ${group + 1}`,
  }));
  await writeFile(join(folder, "map.svg"), embeddingMap(places));
  assert.match(await readFile(join(folder, "map.svg"), "utf8"), /^<svg/);
} finally {
  await rm(folder, { recursive: true });
}
