/**
 * Identity as a number during training: pictures as one array, straight from a generator, scored against their sources. Here
 * the "generator" mixes an aligned face with another one.
 *
 * node examples/identity-of-a-batch.js
 */
import assert from "node:assert/strict";
import { FaceFinder, ModelStore } from "arcface-ts";
import { IdentityMeter } from "arcface-ts/identity";

const store = new ModelStore({ home: process.env.ARCFACE_HOME });
const photographs = await store.pull("sample-photographs");
const finder = await FaceFinder.open({ store });
const { faces } = await finder.align(photographs.get("sample3.jpg"));
await finder.close();

const SIDE = 112;
const [source, other] = faces.map(({ crop }) => crop.data);
const shares = [0, 0.25, 0.5, 0.75, 1];
// [N, H, W, 3], values from 0 to 1, as many frameworks hand them over.
const results = Float32Array.from({ length: shares.length * SIDE * SIDE * 3 }, (_, i) => {
  const share = shares[Math.floor(i / (SIDE * SIDE * 3))];
  const at = i % (SIDE * SIDE * 3);
  return ((1 - share) * source[at] + share * other[at]) / 255;
});

const meter = await IdentityMeter.open({ store });
try {
  const scores = await meter.score(
    { data: results, dims: [shares.length, SIDE, SIDE, 3], layout: "NHWC", range: [0, 1] },
    { data: source, dims: [1, SIDE, SIDE, 3], layout: "NHWC" },
  );
  for (const [i, share] of shares.entries())
    console.log(`${100 * share} % of somebody else: ${scores[i].toFixed(3)}`);
  assert.ok(scores[0] > 0.999, "the source itself");
  assert.ok(
    scores.every((score, i) => i === 0 || score < scores[i - 1]),
    "less of the person, less identity",
  );
} finally {
  await meter.close();
}
