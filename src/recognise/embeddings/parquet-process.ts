import { writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { parseJson, systemCode } from "../../core/index.ts";
import type { ParquetRequest } from "./read-parquet.ts";

/*
 * The process that reads a Parquet file. A thread reads; this one looks at memory and time, so that it can end both
 * whatever the thread is doing. Why it refuses goes to standard error, as a line of JSON.
 */

/** Between two looks, in milliseconds. */
const LOOK_MS = 25;

const end = (): void => void process.kill(process.pid, "SIGKILL");
const refuse = (got: string): void => {
  writeSync(2, `\n${JSON.stringify({ refused: got })}\n`);
  end();
};
// Whoever asked is gone.
process.stdin.on("close", end).resume();

const request = parseJson(process.argv[2]!) as ParquetRequest;
const { bytes, seconds } = request.limits;
const memory = process.memoryUsage.rss();
const tooMuch = `one that takes more than ${(bytes / 2 ** 30).toFixed(1)} GiB of memory to read`;
let computed = process.cpuUsage();
const look = setInterval(() => {
  const { user, system } = process.cpuUsage(computed);
  if (process.memoryUsage.rss() - memory > bytes) refuse(tooMuch);
  else if ((user + system) / 1e6 > seconds) refuse(`a row group that takes more than ${seconds} s to read`);
}, LOOK_MS);
const thread = new Worker(new URL("./parquet-thread.js", import.meta.url), {
  workerData: request,
  resourceLimits: { maxOldGenerationSizeMb: Math.ceil(bytes / 2 ** 20) },
});
thread.on("message", (message: "another group" | { readonly refused: string }) => {
  if (typeof message === "object") refuse(message.refused);
  else computed = process.cpuUsage();
});
thread.on("error", (thrown) =>
  refuse(systemCode(thrown) === "ERR_WORKER_OUT_OF_MEMORY" ? tooMuch : thrown.message),
);
thread.on("exit", () => {
  clearInterval(look);
  process.exit();
});
