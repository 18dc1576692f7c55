/**
 * A PyTorch checkpoint of your own: which network it is, and the vectors it gives. Nothing in the file is executed.
 *
 * node examples/own-checkpoint.js [network.pth]
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cosine, ModelStore, Recognizer, seeded } from "arcface-ts";
import { floatTensorOf, openCheckpoint, writeCheckpoint } from "arcface-ts/checkpoints";
import { identifyNetwork, initialise, mobileFaceNet, parametersOf } from "arcface-ts/networks";

const store = new ModelStore({ home: process.env.ARCFACE_HOME });
const folder = await mkdtemp(join(tmpdir(), "checkpoint-"));
try {
  const path = process.argv[2] ?? untrained(join(folder, "network.pth"));
  const { tensors } = openCheckpoint(path);
  const shapes = new Map([...tensors].map(([name, tensor]) => [name, tensor.shape]));
  const known = identifyNetwork(shapes);
  console.log(known.network?.id ?? "a network that is not known", `${tensors.size} tensors`);

  // Weights do not tell how a network is to be fed: you say it.
  const contract = { channels: "RGB", mean: [127.5, 127.5, 127.5], scale: [1 / 128, 1 / 128, 1 / 128] };
  const photographs = await store.pull("sample-photographs");
  const recognizer = await Recognizer.open({ store, model: path, contract });
  try {
    const { faces } = await recognizer.faces(photographs.get("sample1.jpg"));
    const again = await recognizer.faces(photographs.get("sample1.jpg"));
    console.log(`${faces.length} faces, vectors of ${recognizer.dimension} numbers`);
    assert.ok(faces.length > 0);
    assert.ok(cosine(faces[0].embedding, again.faces[0].embedding) > 0.99999);
    assert.equal(
      recognizer.calibration,
      undefined,
      "its scores are not calibrated, so there is no yes or no",
    );
  } finally {
    await recognizer.close();
  }
} finally {
  await rm(folder, { recursive: true });
}

/** A MobileFaceNet that has learnt nothing, written as PyTorch would. */
function untrained(path) {
  const network = mobileFaceNet({ embedding: 128 });
  const weights = initialise(network, seeded(1));
  const shapes = new Map(parametersOf(network).map(({ name, shape }) => [name, shape]));
  const tensors = [...weights].map(([name, values]) => floatTensorOf(name, shapes.get(name), values));
  writeCheckpoint(path, "pytorch-zip", tensors);
  return path;
}
