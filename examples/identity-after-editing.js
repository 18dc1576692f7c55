/**
 * The share of a face's identity that an edit keeps: the cosine between the picture and the edited one, beside the threshold of
 * the calibration. The simplest form of it: one face, some edits, the network that is the default.
 *
 * node examples/identity-after-editing.js
 */
import assert from "node:assert/strict";
import { ModelStore, Recognizer, thumbnail } from "arcface-ts";
import sharp from "sharp";

const store = new ModelStore({ home: process.env.ARCFACE_HOME });
const photographs = await store.pull("sample-photographs");
const recognizer = await Recognizer.open({ store });
try {
  const source = photographs.get("sample3.jpg");
  const { faces } = await recognizer.detect(source);
  const picture = await thumbnail(source, faces[0].box, 256);
  const edits = {
    brighter: sharp(picture).modulate({ brightness: 1.3 }),
    grey: sharp(picture).greyscale(),
    "blurred a little": sharp(picture).blur(2),
    "blurred much": sharp(picture).blur(12),
    mirrored: sharp(picture).flop(),
  };
  const kept = {};
  for (const [edit, image] of Object.entries(edits)) {
    const result = await recognizer.compare(picture, await image.png().toBuffer());
    // A face that is not found any more is an answer, too.
    kept[edit] = result.kind === "compared" ? result.cosine : undefined;
    const verdict = result.kind === "compared" && result.verdict?.same ? "the same person" : "not kept";
    console.log(edit.padEnd(18), kept[edit]?.toFixed(3) ?? "no face", verdict);
  }
  assert.ok(kept.brighter > 0.8 && kept.mirrored > 0.8, "mild edits keep who it is");
  assert.ok((kept["blurred much"] ?? 0) < kept["blurred a little"], "blur takes it away");
} finally {
  await recognizer.close();
}
