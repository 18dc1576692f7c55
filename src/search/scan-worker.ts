import { workerData } from "node:worker_threads";
import { boardFor } from "./best-neighbours.ts";
import { Candidates } from "./candidates.ts";
import { QuantisedRows } from "./quantised-rows.ts";
import { scanBlocks } from "./scan-rows.ts";
import { CONTROL, type ScanAnswer, type ScanRequest, type ScanWorkerData, shareOf } from "./scan-threads.ts";

const { memory, program, dimension, control, port, thread } = workerData as ScanWorkerData;
const words = new Int32Array(control);
const rows = new QuantisedRows(dimension, memory, program);

port.on("message", ({ scan, goal, count, blocks }: ScanRequest) => {
  rows.follow(count, blocks);
  const candidates = new Candidates(boardFor(goal));
  scanBlocks(rows, scan, goal, candidates, shareOf(words, thread));
  const answer: ScanAnswer = candidates.left();
  port.postMessage(answer);
  Atomics.add(words, CONTROL.done, 1);
  Atomics.notify(words, CONTROL.done);
});
