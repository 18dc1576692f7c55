// @vladmandic/human as a peer: faces and their embeddings. With --minimal, nothing else.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { options, packageFolder, require, serve, startWasm, wasmFolder } from "./peer.mjs";

const folder = packageFolder("@vladmandic/human");
// By path: the package's "exports" does not let its WASM build be named.
const { Human } = require(path.join(folder, "dist", "human.node-wasm.js"));

await startWasm();

const off = { enabled: false };
const human = new Human({
  backend: "wasm",
  wasmPath: wasmFolder,
  modelBasePath: pathToFileURL(path.join(folder, "models", path.sep)).href,
  cacheSensitivity: 0, // photographs, not video: never reuse the answer to a like image
  face: options.minimal ? { mesh: off, iris: off, emotion: off } : {},
  body: off,
  hand: off,
  object: off,
  gesture: off,
});

// Without tfjs-node TensorFlow.js cannot read file:// addresses: this reads a model from disk.
human.tf.io.registerLoadRouter((address) => {
  if (typeof address !== "string" || !address.startsWith("file://")) return null;
  return {
    load: async () => {
      const file = fileURLToPath(address);
      const model = JSON.parse(await readFile(file, "utf8"));
      return human.tf.io.getModelArtifactsForJSON(model, async (manifest) => {
        const names = manifest.flatMap((group) => group.paths);
        const parts = await Promise.all(names.map((name) => readFile(path.join(path.dirname(file), name))));
        const { buffer, byteOffset, byteLength } = Buffer.concat(parts);
        const weights = buffer.slice(byteOffset, byteOffset + byteLength);
        return [manifest.flatMap((group) => group.weights), weights];
      });
    },
  };
});
await human.load();

await serve(human.version, async (image) => {
  const { error, face } = await human.detect(image);
  if (error) throw new Error(error);
  return face.map(({ embedding }) => (embedding?.length ? embedding : null));
});
