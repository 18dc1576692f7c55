/**
 * Frames of a video as raw pixels, as ffmpeg or a camera hands them over: no file and no encoding in between. Here the
 * frames are cut from a photograph that moves past the camera.
 *
 * node examples/video-frames.js
 */
import assert from "node:assert/strict";
import { cosine, ModelStore, Recognizer } from "arcface-ts";
import sharp from "sharp";

const store = new ModelStore({ home: process.env.ARCFACE_HOME });
const photographs = await store.pull("sample-photographs");
const recognizer = await Recognizer.open({ store, minFacePx: 40 });
try {
  /** Everybody who was seen so far, by the vector of the last frame with them. */
  const people = [];
  let seen = 0;
  for await (const frame of frames(photographs.get("sample1.jpg"), 5)) {
    const { faces } = await recognizer.faces(frame);
    for (const { embedding } of faces) {
      const known = people.find((person) => cosine(person.vector, embedding) > 0.5);
      if (known) known.vector = embedding;
      else people.push({ vector: embedding });
    }
    seen += faces.length;
  }
  console.log(`${seen} faces in 5 frames, of ${people.length} people`);
  assert.ok(seen >= 10, "faces in every frame");
  assert.ok(people.length < seen / 2, "the same people again and again");
} finally {
  await recognizer.close();
}

/** Frames of 1280 × 720, RGB: what `ffmpeg -i film.mp4 -f rawvideo -pix_fmt rgb24 -` writes, frame by frame. */
async function* frames(path, count) {
  const [width, height] = [1280, 720];
  const film = await sharp(path)
    .autoOrient()
    .resize(width + 40, height + 40, { fit: "cover" })
    .toBuffer();
  for (let n = 0; n < count; n++) {
    const window = { left: 8 * n, top: 4 * n, width, height };
    const data = await sharp(film).extract(window).removeAlpha().raw().toBuffer();
    yield { data, width, height };
  }
}
