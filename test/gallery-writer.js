/**
 * Enrols people until it is killed, and says each name once the gallery has acknowledged it. Against what was built.
 *
 *   node test/gallery-writer.js ADDRESS PREFIX FACES
 */
import { Gallery } from "../dist/gallery/index.js";

const [address, prefix, faces] = process.argv.slice(2);
const gallery = await Gallery.open(address, { clock: () => new Date() });
const provenance = {
  source: "made.jpg",
  sha256: null,
  box: { x: 0, y: 0, width: 1, height: 1 },
  landmarks: [],
  score: 1,
};
const { dimension } = gallery.contract;
for (let i = 0; ; i++) {
  const vector = new Float32Array(dimension);
  vector[i % dimension] = 1;
  const name = `${prefix}/${i}`;
  await gallery.enrol([
    { name, faces: Array.from({ length: Number(faces) }, () => ({ vector, provenance })) },
  ]);
  process.send(name);
}
