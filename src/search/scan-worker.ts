import { workerData } from "node:worker_threads";
import { boardFor } from "./best-neighbours.ts";
import { Candidates } from "./candidates.ts";
import { QuantisedRows } from "./quantised-rows.ts";
import { scanBlocks } from "./scan-rows.ts";
import { CONTROL, type ScanAnswer, type ScanRequest, type ScanWorkerData, shareOf } from "./scan-threads.ts";

const { program, control, port, thread } = workerData as ScanWorkerData;
const words = new Int32Array(control);
let rows: QuantisedRows | undefined;

port.on("message", ({ place, scan, goal, count, blocks }: ScanRequest) => {
  if (place) {
    const { dimension, memory, axes } = place;
    // Only the thread that asks turns vectors, so the axes themselves are not needed here.
    const learned =
      axes === undefined ? undefined : { count: axes, matrix: new Float32Array(0), error: Number.NaN };
    rows = new QuantisedRows(dimension, { axes: learned, memory, program });
  }
  rows!.follow(count, blocks);
  const candidates = new Candidates(boardFor(goal));
  const judged = scanBlocks(rows!, scan, goal, candidates, shareOf(words, thread));
  const answer: ScanAnswer = { ...candidates.left(), judged };
  port.postMessage(answer);
  Atomics.add(words, CONTROL.done, 1);
  Atomics.notify(words, CONTROL.done);
});
