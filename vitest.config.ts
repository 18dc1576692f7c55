import { defineConfig } from "vitest/config";

/**
 * ARCFACE_TESTS=fast leaves out what takes minutes and depends on the Node version least: trainings, sweeps of operations
 * and networks, measured qualities of detectors and intervals, galleries' servers, files of networks and texts from strangers
 * on the command line, and tests that kill or interrupt processes in a loop.
 * `.ci/run` runs the rest on every supported version.
 */
const SLOW = [
  "src/autodiff/**",
  "src/gallery/milvus/**",
  "src/gallery/postgres/**",
  "src/networks/**",
  "src/statistics/coverage.test.ts",
  "src/study/mnist/**",
  "src/train/**",
  "test/checkpoint-cli.test.ts",
  "test/checkpoint-journey.test.ts",
  "test/detectors.test.ts",
  "test/documents-run.test.ts",
  "test/evaluate-cli.test.ts",
  "test/fusion.test.ts",
  "test/fuzz.test.ts",
  "test/gallery-cli.test.ts",
  "test/gallery-forget.test.ts",
  "test/gallery-stress*.test.ts",
  "test/gallery-postgres-disk.test.ts",
  "test/hostile-text.test.ts",
  "test/interrupt.test.ts",
  "test/large-pictures.test.ts",
  "test/map-and-cluster-cli.test.ts",
  "test/outputs-cli.test.ts",
  "test/picture-warnings.test.ts",
  "test/report-browser.test.ts",
  "test/reproduce-mnist.test.ts",
  "test/serve-cli.test.ts",
  "test/spared-inputs-cli.test.ts",
  "test/study-cli.test.ts",
  "test/terminal-text.test.ts",
  "test/train.test.ts",
  "test/trial.test.ts",
  "test/under.test.ts",
];
const fast = process.env["ARCFACE_TESTS"] === "fast";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["node_modules/**", "dist/**", ...(fast ? SLOW : [])],
    globalSetup: "test/fresh-dist.ts",
    // Native sessions and worker pools do not belong in worker threads of the test runner.
    pool: "forks",
    // Much of the time a test file waits for a process it started: every core gets one.
    maxWorkers: "100%",
    // A test that hangs is to be told from a machine that is busy: most take milliseconds, trainings some seconds.
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
