/**
 * Labeled Faces in the Wild, end to end from the JPEG files: 6,000 official pairs in 10 folds, no flip, every picture
 * embedded anew. A photograph without a face makes its pair count as "different".
 *
 * npm run bench lfw [-- MODEL…]
 */
import { join } from "node:path";
import { chooseFace, ModelStore, RecognizerPool } from "arcface-ts";
import { type MeasuredPicture, measureVerification, readLfwPairs } from "arcface-ts/evaluate";
import { figure } from "./figures.ts";
import { describeMachine, sharedFolder } from "./machine.ts";

const lfw = join(sharedFolder(), "data", "lfw");
const list = await readLfwPairs(join(lfw, "images"), join(lfw, "pairs.txt"));
const models = process.argv.length > 2 ? process.argv.slice(2) : ["mobilefacenet-192", "fr-feature-512"];
console.log(`${describeMachine()}\n${list.protocol}, ${list.pictures.length} photographs`);
for (const model of models) await evaluate(model);

async function evaluate(model: string): Promise<void> {
  const store = new ModelStore({ home: process.env["ARCFACE_HOME"] });
  await using pool = await RecognizerPool.open({ model, store });
  const started = performance.now();
  const measured: MeasuredPicture[] = [];
  for await (const result of pool.faces(list.pictures.map(({ name }) => name))) {
    if (result.kind === "failed") throw result.error;
    const face = chooseFace(result.photograph.faces, "central", result.photograph);
    measured.push({
      sha256: result.path,
      face: face
        ? { kind: "face", embedding: face.embedding, norm: face.norm ?? 1, score: face.score }
        : { kind: "no-face" },
    });
  }
  const embedded = performance.now();
  const report = measureVerification(list, measured);
  const metrics = (performance.now() - embedded) / 1000;
  const seconds = (embedded - started) / 1000;
  const percent = (share: number): string => (100 * share).toFixed(2);
  const { accuracy, exactAccuracy } = report;
  figure(`${model}.accuracy`, accuracy.mean);
  figure(`${model}.accuracy.deviation`, accuracy.std);
  figure(`${model}.accuracy.low`, accuracy.interval[0]!);
  figure(`${model}.accuracy.high`, accuracy.interval[1]!);
  figure(`${model}.faces-missed`, report.failures.pictures);
  figure(`${model}.photographs-per-second`, measured.length / seconds);
  console.log(
    `${model}: accuracy ${percent(accuracy.mean)} ± ${percent(accuracy.std)} % [${accuracy.interval.map(percent).join(", ")}], exact thresholds ${percent(exactAccuracy.mean)} ± ${percent(exactAccuracy.std)} %; ` +
      `${report.failures.pictures} faces missed; best threshold ${report.threshold.toFixed(3)} on all pairs ` +
      `(${report.falseMatches} false matches, ${report.falseNonMatches} false non-matches of 3000 each); ` +
      `${seconds.toFixed(1)} s, ${(measured.length / seconds).toFixed(1)} photographs/s with ${pool.workers} workers, metrics ${metrics.toFixed(2)} s`,
  );
}
