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
}, 180_000);

/** Newer ones (22.23 and 24 were seen) take no replaced function of `fs.promises` over into what modules import. */
const replaceable = Number(process.versions.node.split(".")[0]) < 22;

test.skipIf(!replaceable)(
  "a command that waits for what will not happen ends with a defect's exit code and says so [below Node 22]",
  async () => {
    const preload = join(folder, "preload.cjs");
    writeFileSync(
      preload,
      `const fs = require("node:fs");
     const { syncBuiltinESMExports } = require("node:module");
     const { isMainThread } = require("node:worker_threads");
     if (!isMainThread) {
       for (const name of ["open", "readFile", "stat"]) fs.promises[name] = () => new Promise(() => {});
       syncBuiltinESMExports();
     }`,
    );
    const file = join(folder, "network.onnx");
    writeFileSync(file, Uint8Array.of(1, 2, 3));
    const { code, err } = await arcface(["inspect", file, "--json"], {
      NODE_OPTIONS: `--require=${preload}`,
    });
    expect(code, err).toBe(4);
    expect(JSON.parse(err.trim().split("\n").at(-1)!)).toEqual({
      error: {
        code: "INTERNAL",
        message: expect.stringContaining("expected an end with an answer"),
      },
    });
  },
);
