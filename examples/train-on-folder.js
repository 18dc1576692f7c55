/**
 * Trains a small network with ArcFace's margin on a folder of people, and compares two photographs with it. A few steps
 * on a few faces, to see that everything fits: a good network needs thousands of people.
 *
 * node examples/train-on-folder.js
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModelStore, Recognizer, thumbnail } from "arcface-ts";
import { parseTrainConfig, train } from "arcface-ts/train";

const store = new ModelStore({ home: process.env.ARCFACE_HOME });
const photographs = await store.pull("sample-photographs");
const folder = await mkdtemp(join(tmpdir(), "train-"));
try {
  // A folder for every person: here the faces of one photograph, each twice.
  const recognizer = await Recognizer.open({ store });
  const source = photographs.get("sample1.jpg");
  const { faces } = await recognizer.detect(source);
  await recognizer.close();
  for (const [n, { box }] of faces.slice(0, 4).entries()) {
    await mkdir(join(folder, "people", `person ${n}`), { recursive: true });
    for (const side of [160, 224])
      await writeFile(
        join(folder, "people", `person ${n}`, `${side}.jpg`),
        await thumbnail(source, box, side),
      );
  }

  const config = parseTrainConfig({
    data: join(folder, "people"),
    network: "mobilefacenet",
    head: { head: "arcface", marginRad: 0.3, scale: 32 },
    batch: 4,
    steps: 4,
    learningRate: 0.02,
    validation: { heldOut: 0 },
  });
  const report = await train({ config, out: join(folder, "run"), store, threads: 1 });
  console.log(`${report.steps} steps, loss ${report.last.loss.toFixed(2)}, ${report.model}`);
  assert.equal(report.reason, "finished");
  assert.ok(Number.isFinite(report.last.loss));

  // The run wrote the network with its contract, so nothing has to be said about it.
  const own = await Recognizer.open({ store, model: report.model });
  const result = await own.compare(source, photographs.get("sample3.jpg"));
  await own.close();
  console.log(result.kind, result.cosine);
  assert.equal(result.kind, "compared");
} finally {
  await rm(folder, { recursive: true });
}
