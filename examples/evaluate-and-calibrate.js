/**
 * Measures a network on people you know, and calibrates it: what a score means for photographs like these.
 *
 * node examples/evaluate-and-calibrate.js
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModelStore, Recognizer, seeded, thumbnail } from "arcface-ts";
import * as evaluate from "arcface-ts/evaluate";
import { readPeopleFolder } from "arcface-ts/photographs";
import sharp from "sharp";

const store = new ModelStore({ home: process.env.ARCFACE_HOME });
const folder = await mkdtemp(join(tmpdir(), "evaluate-"));
try {
  await writePeople(join(folder, "people"));
  const people = evaluate.peopleOfFolder(await readPeopleFolder(join(folder, "people")));
  const list = evaluate.pairsOfPeople(people, "people", { genuine: 100, impostor: 100 }, seeded(1));
  const { measured, pipeline } = await evaluate.embedPictures(list.pictures, { store });

  const report = evaluate.measureVerification(list, measured);
  console.log(`${report.pairs} pairs of ${report.people} people, AUC ${report.auc.value.toFixed(4)}`);
  assert.ok(report.auc.value > 0.95);

  // All pairs, each person of the same weight. So few people allow no small rate of false matches.
  const evidence = evaluate.evidenceOfPeople(list, measured, "faces of two photographs");
  const calibration = evaluate.calibrate(evidence, pipeline, { targetFmr: 0.1 });
  console.log(`threshold ${calibration.threshold.toFixed(3)} for at most 10 % false matches`);
  assert.ok(calibration.threshold > 0 && calibration.threshold < 0.7);
} finally {
  await rm(folder, { recursive: true });
}

/** A folder for every face of two photographs of other people, with three pictures of it: as it is, darker, and small. */
async function writePeople(out) {
  const photographs = await store.pull("sample-photographs");
  const recognizer = await Recognizer.open({ store });
  const faces = [];
  for (const source of ["sample1.jpg", "sample4.jpg"].map((name) => photographs.get(name)))
    for (const { box } of (await recognizer.detect(source)).faces) faces.push({ source, box });
  await recognizer.close();
  for (const [n, { source, box }] of faces.entries()) {
    const own = join(out, `person ${n}`);
    await mkdir(own, { recursive: true });
    const picture = await thumbnail(source, box, 256);
    await sharp(picture).toFile(join(own, "1.jpg"));
    await sharp(picture).modulate({ brightness: 0.6 }).toFile(join(own, "2.jpg"));
    await sharp(picture).resize(96).toFile(join(own, "3.jpg"));
  }
}
