import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // Native sessions and worker pools do not belong in worker threads of the test runner.
    pool: "forks",
    // Much of the time a test file waits for a process it started: every core gets one.
    maxWorkers: "100%",
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
});
