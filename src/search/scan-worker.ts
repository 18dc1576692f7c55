import { workerData } from "node:worker_threads";
import { BestGroups, BestNeighbours } from "./best-neighbours.ts";
import { Candidates } from "./candidates.ts";
import { QuantisedRows } from "./quantised-rows.ts";
import {
  CONTROL,
  type ScanAnswer,
  type ScanRequest,
  type ScanWorkerData,
  scanShare,
} from "./scan-threads.ts";

const { memory, dimension, control, port, thread } = workerData as ScanWorkerData;
const words = new Int32Array(control);
const rows = new QuantisedRows(dimension, memory);

port.on("message", ({ scan, goal, count, blocks }: ScanRequest) => {
  rows.follow(count, blocks);
  const candidates = new Candidates(
    goal.kind === "groups" ? new BestGroups(goal.k) : new BestNeighbours(goal.k),
  );
  scanShare(rows, scan, candidates, words, thread);
  const answer: ScanAnswer = candidates.left();
  port.postMessage(answer);
  Atomics.add(words, CONTROL.done, 1);
  Atomics.notify(words, CONTROL.done);
});
