/**
 * Keeps people in a SQLite file and finds out who somebody is.
 *
 * node examples/enrol-and-identify.js
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseFace, ModelStore, Recognizer } from "arcface-ts";
import { Gallery } from "arcface-ts/gallery";

const store = new ModelStore({ home: process.env.ARCFACE_HOME });
const photographs = await store.pull("sample-photographs");
const folder = await mkdtemp(join(tmpdir(), "gallery-"));
const recognizer = await Recognizer.open({ store });
const gallery = await Gallery.create(`sqlite:${join(folder, "people.db")}`, recognizer.pipeline, {
  clock: () => new Date(),
});
try {
  const largest = async (name) => {
    const source = photographs.get(name);
    const photograph = await recognizer.faces(source);
    return { source, face: chooseFace(photograph.faces, "largest", photograph) };
  };

  const { source, face } = await largest("sample1.jpg");
  const { box, landmarks, score, embedding } = face;
  const provenance = { source, sha256: null, box, landmarks: landmarks.map(({ x, y }) => [x, y]), score };
  await gallery.enrol([{ name: "Ann", faces: [{ vector: embedding, provenance }] }]);

  // You say where to draw the line; `arcface gallery identify` takes it from the model's calibration.
  const threshold = recognizer.calibration?.threshold ?? 0.5;
  const known = await gallery.identify((await largest("sample3.jpg")).face.embedding, { threshold });
  const stranger = await gallery.identify((await largest("sample5.jpg")).face.embedding, { threshold });
  console.log(known.person?.name ?? "unknown", known.cosine);
  console.log(stranger.person?.name ?? "unknown", stranger.cosine);
  assert.equal(known.person?.name, "Ann");
  assert.equal(stranger.person, null);
} finally {
  await gallery.close();
  await recognizer.close();
  await rm(folder, { recursive: true });
}
