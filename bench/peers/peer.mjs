// Shared by the peers: options, decoding, and the line protocol on stdin and stdout.
import { createRequire } from "node:module";
import path from "node:path";
import readline from "node:readline";
import { parseArgs } from "node:util";

// Everything is loaded as CommonJS, so that a peer and this file share one copy of TensorFlow.js.
export const require = createRequire(import.meta.url);
const sharp = require("sharp");
const tf = require("@tensorflow/tfjs");
const wasm = require("@tensorflow/tfjs-backend-wasm");

export const { values: options } = parseArgs({
  options: {
    minimal: { type: "boolean", default: false },
    threads: { type: "string", default: "1" },
  },
});

/** The folder of an installed package, with a slash at its end. */
export function packageFolder(name) {
  const entry = require.resolve(name);
  const end = entry.lastIndexOf(path.join("node_modules", name)) + path.join("node_modules", name).length;
  return entry.slice(0, end) + path.sep;
}

export const wasmFolder = path.join(packageFolder("@tensorflow/tfjs-backend-wasm"), "dist", path.sep);

/** Starts the WASM back end of TensorFlow.js, from the binaries in its own package. */
export async function startWasm() {
  const threads = Number(options.threads);
  sharp.concurrency(threads);
  wasm.setWasmPaths(wasmFolder);
  wasm.setThreadsCount(threads); // without effect in Node: see README.md
  if (!(await tf.setBackend("wasm"))) throw new Error("the WASM back end did not start");
}

/** Reads an image file and decodes it to a tensor of height x width x 3. */
async function readImage(file) {
  const { data, info } = await sharp(file)
    .autoOrient()
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return tf.tensor3d(data, [info.height, info.width, info.channels], "int32");
}

/**
 * Warms up, says that the peer is ready, then answers each line of stdin until it ends.
 * `embed(tensor)` answers the embeddings of the faces found: null for a face that has none.
 */
export async function serve(version, embed) {
  const one = async (file) => {
    const image = await readImage(file);
    try {
      return await embed(image);
    } finally {
      tf.dispose(image);
    }
  };

  // A photograph with a face, so that every model runs.
  const sample = path.join(packageFolder("@vladmandic/face-api"), "demo", "sample1.jpg");
  for (let i = 0; i < 3; i++) {
    const faces = await one(sample);
    if (!faces.some(Boolean)) throw new Error("warm-up found no face");
  }

  const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
  say({
    ready: true,
    version,
    backend: tf.getBackend(),
    simd: await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"),
    threads: (await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT")) ? wasm.getThreadsCount() : 1,
    tfjs: tf.version_core,
  });

  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (!line.trim()) continue;
    const { paths } = JSON.parse(line);
    let faces = 0;
    let embedded = 0;
    const start = performance.now();
    for (const file of paths) {
      const found = await one(file);
      faces += found.length;
      embedded += found.filter(Boolean).length;
    }
    say({ ms: performance.now() - start, images: paths.length, faces, embedded });
  }
}
