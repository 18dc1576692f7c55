import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { arcface } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "arcface-lost-answer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const built = (path: string): string => pathToFileURL(join(import.meta.dirname, "..", "dist", path)).href;

test("a worker whose main thread has not loaded the library gets the engine, each time", async () => {
  const worker = join(folder, "worker.mjs");
  writeFileSync(
    worker,
    `import { parentPort } from "node:worker_threads";
     const { loadEngine } = await import("${built("onnx/engine.js")}");
     parentPort.postMessage(typeof (await loadEngine()).InferenceSession.create);`,
  );
  const main = join(folder, "main.mjs");
  writeFileSync(
    main,
    `import { Worker } from "node:worker_threads";
     const worker = new Worker(${JSON.stringify(worker)});
     worker.on("message", (said) => process.stdout.write(said + " " + process.env.ORT_DISABLE_TELEMETRY));
     worker.on("exit", (code) => { process.exitCode = code; });`,
  );
  const { ORT_DISABLE_TELEMETRY: _, ...env } = process.env;
  // The answer of the main thread got lost in one of five on Node 20.
  for (let n = 0; n < 15; n++) {
    const { stdout } = await promisify(execFile)(process.execPath, [main], { env, timeout: 20_000 });
    expect(stdout).toBe("function 1");
  }
}, 120_000);

test("a command that waits for what will not happen ends with a defect's exit code and says so", async () => {
  const preload = join(folder, "preload.mjs");
  writeFileSync(
    preload,
    `import fs from "node:fs";
     import { syncBuiltinESMExports } from "node:module";
     import { isMainThread } from "node:worker_threads";
     if (!isMainThread) {
       for (const name of ["open", "readFile", "stat"]) fs.promises[name] = () => new Promise(() => {});
       syncBuiltinESMExports();
     }`,
  );
  const file = join(folder, "network.onnx");
  writeFileSync(file, Uint8Array.of(1, 2, 3));
  const { code, err } = await arcface(["inspect", file, "--json"], {
    NODE_OPTIONS: `--import=${pathToFileURL(preload).href}`,
  });
  expect(code, err).toBe(4);
  expect(JSON.parse(err.trim().split("\n").at(-1)!)).toEqual({
    error: {
      code: "INTERNAL",
      message: expect.stringContaining("expected the command to end with an answer"),
    },
  });
});
