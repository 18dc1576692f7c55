import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";

/**
 * ARCFACE_TESTS=fast runs what depends on the version of Node: native packages, WebAssembly, threads and processes, files and
 * streams, HTTP, the loading of modules, the words of ICU, and the command line. `.ci/run` runs it on every supported version.
 * What only computes (statistics, training, charts, parsers, detectors, documents) is the same JavaScript everywhere: the
 * whole suite runs it once, on the oldest Node.
 */
const FAST = [
  // Moments, names of people in any script, errors, threads, and what is sealed against prototypes.
  "src/core/**",
  // Packages as files, over HTTP, unpacked as streams, locked among processes.
  "src/registry/**",
  "test/lost-answer.test.ts",
  "test/model-store.test.ts",
  // sharp, and its decoders.
  "src/image/**",
  "test/heic.test.ts",
  // onnxruntime, its memory and its shared buffers.
  "src/onnx/**",
  "src/embed/**",
  "src/models/wheel.test.ts",
  "test/prepare.test.ts",
  "test/resources.test.ts",
  // Bytes of files read by parts, inflated, and seen as numbers.
  "src/checkpoints/open-checkpoint.test.ts",
  "src/checkpoints/zip/**",
  "src/photographs/**",
  "src/recognise/**",
  "src/train/data/mnist.test.ts",
  "src/train/data/pack-faces.test.ts",
  "src/train/data/record-set.test.ts",
  "src/train/file-lock.test.ts",
  // WebAssembly, usearch, and threads that share memory.
  "src/search/*-index.test.ts",
  "src/search/kernel/**",
  "src/project/tsne/repulsion.test.ts",
  "test/search-threads.test.ts",
  // node:sqlite, or the SQLite of Node 20.
  "src/gallery/*.test.ts",
  "src/gallery/erasure/**",
  "src/gallery/sqlite/**",
  "test/gallery-disk.test.ts",
  "test/gallery-locks.test.ts",
  "test/gallery-sentences.test.ts",
  // resvg.
  "src/plot/plot.test.ts",
  // The service and its client.
  "src/serve/**",
  "test/serve/client.test.ts",
  "test/serve/hostile.test.ts",
  "test/serve/jobs.test.ts",
  "test/serve/keys.test.ts",
  "test/serve/service.test.ts",
  // Modules, and the command line as a process.
  "src/cli/**",
  "test/cli.test.ts",
  "test/doors.test.ts",
  "test/golden/sentences.test.ts",
  "test/library.test.ts",
  "test/one-call.test.ts",
];
const fast = process.env["ARCFACE_TESTS"] === "fast";
const INCLUDE = fast
  ? FAST.map((files) => files.replace(/\*\*$/, "**/*.test.ts"))
  : ["src/**/*.test.ts", "test/**/*.test.ts"];
const EXCLUDE = ["node_modules/**", "dist/**"];

/**
 * The test files that need a process each: those of `test/`, of files and locks shared among processes, and those that replace
 * what other files see or measure their memory. All others of `src/` share one, which reads what they test once: that takes
 * a third of the time.
 */
const [APART, TOGETHER] = partition(
  ["src", "test"].flatMap((folder) =>
    readdirSync(join(import.meta.dirname, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `${folder}/${name.replaceAll(sep, "/")}`),
  ),
  (path) =>
    /^test\/|^src\/(gallery\/(sqlite|postgres|milvus)|registry|serve)\//.test(path) ||
    /\bvi\.|memoryUsage/.test(readFileSync(join(import.meta.dirname, path), "utf8")),
);

function partition<T>(all: readonly T[], belongs: (one: T) => boolean): [T[], T[]] {
  return [all.filter(belongs), all.filter((one) => !belongs(one))];
}

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: "apart", exclude: [...EXCLUDE, ...TOGETHER] } },
      { extends: true, test: { name: "together", exclude: [...EXCLUDE, ...APART], isolate: false } },
    ],
    include: INCLUDE,
    globalSetup: "test/fresh-dist.ts",
    sequence: { sequencer: LongestFirst },
    // The built package is JavaScript: Node loads it as it is.
    server: { deps: { external: [/\/dist\//] } },
    // Native sessions and worker pools do not belong in worker threads of the test runner.
    pool: "forks",
    // Much of the time a test file waits for a process it started: every core gets one.
    maxWorkers: "100%",
    // A test that hangs is to be told from a machine that is busy: most take milliseconds, trainings some seconds.
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
