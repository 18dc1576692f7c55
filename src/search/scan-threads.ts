import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { internal } from "../core/index.ts";
import type { SearchGoal } from "./best-neighbours.ts";
import type { Candidates } from "./candidates.ts";
import type { ScanMemory, ScanProgram } from "./kernel/scan-kernel.ts";
import type { QuantisedRows } from "./quantised-rows.ts";
import { type Scan, type ScanShare, scanBlocks } from "./scan-rows.ts";

/** The place where the rows lie, and in how many axes. */
export interface RowsPlace {
  readonly memory: ScanMemory;
  readonly dimension: number;
  /** Undefined for all dimensions. */
  readonly axes: number | undefined;
}

/** Data that a thread is started with. */
export interface ScanWorkerData {
  readonly program: ScanProgram;
  readonly control: SharedArrayBuffer;
  readonly port: MessagePort;
  readonly thread: number;
}

/** A thread's question, every time. */
export interface ScanRequest {
  /** Told the first time, and when rows have moved. */
  readonly place: RowsPlace | undefined;
  readonly scan: Scan;
  readonly goal: SearchGoal;
  readonly count: number;
  readonly blocks: readonly number[];
}

/** Its answer: the result of `Candidates.left`, and of the scan. */
export interface ScanAnswer {
  readonly rows: readonly number[];
  readonly highest: readonly number[];
  /** Rows that it judged by all their bits. */
  readonly judged: number;
}

/** The words shared between threads: the next block to take, how many threads are done, the highest floor so far. */
export const CONTROL = { next: 0, done: 1, floor: 2, words: 3 } as const;

/** Floors travel as whole numbers of this part, rounded down; −4 stands for none. */
const FLOOR_UNIT = 2 ** -28;
const NO_FLOOR = -(2 ** 30);

/** The longest a thread may take over its part of one query before something is wrong. */
const PATIENCE_MS = 60_000;

/** A thread's share: blocks taken in turn, and the highest floor that any has found. */
export function shareOf(control: Int32Array, thread: number): ScanShare {
  return {
    thread,
    next: () => Atomics.add(control, CONTROL.next, 1),
    agree: (floor) => {
      const mine = Math.max(NO_FLOOR, Math.floor(floor / FLOOR_UNIT));
      for (let seen = Atomics.load(control, CONTROL.floor); mine > seen; ) {
        const before = Atomics.compareExchange(control, CONTROL.floor, seen, mine);
        if (before === seen) break;
        seen = before;
      }
      return Atomics.load(control, CONTROL.floor) * FLOOR_UNIT;
    },
  };
}

/** Threads that help the calling one to scan. The caller waits for them, so a search stays a plain call. */
export class ScanThreads {
  #rows: QuantisedRows;
  #moved = true;
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * CONTROL.words));
  readonly #workers: { readonly worker: Worker; readonly port: MessagePort }[];

  /** @param helpers threads beside the calling one */
  constructor(rows: QuantisedRows, helpers: number) {
    this.#rows = rows;
    this.#workers = Array.from({ length: helpers }, (_, i) => {
      const { port1, port2 } = new MessageChannel();
      const workerData: ScanWorkerData = {
        program: rows.program,
        control: this.#control.buffer as SharedArrayBuffer,
        port: port2,
        thread: i + 1,
      };
      const worker = new Worker(new URL("./scan-worker.js", import.meta.url), {
        workerData,
        transferList: [port2],
      });
      // An index that nobody closes must not keep the process alive.
      worker.unref();
      port1.unref();
      return { worker, port: port1 };
    });
  }

  /** Searches other rows from now on. */
  follow(rows: QuantisedRows): void {
    this.#rows = rows;
    this.#moved = true;
  }

  /** Gathers the candidates of all blocks; returns how many rows were judged. Throws FaceError INTERNAL when a thread does not answer. */
  scan(
    scan: Scan,
    goal: SearchGoal,
    candidates: Candidates,
    cosineOf: (row: number) => number | undefined,
  ): number {
    const rows = this.#rows;
    Atomics.store(this.#control, CONTROL.next, 0);
    Atomics.store(this.#control, CONTROL.done, 0);
    Atomics.store(this.#control, CONTROL.floor, NO_FLOOR);
    const { memory, dimension, axes, count, blocks } = rows;
    const place = this.#moved ? { memory, dimension, axes: axes?.count } : undefined;
    this.#moved = false;
    const request: ScanRequest = { place, scan, goal, count, blocks };
    for (const { port } of this.#workers) port.postMessage(request);
    let judged = scanBlocks(rows, scan, goal, candidates, {
      ...shareOf(this.#control, 0),
      cosineOf,
    });
    for (let done = 0; done < this.#workers.length; done = Atomics.load(this.#control, CONTROL.done)) {
      if (Atomics.wait(this.#control, CONTROL.done, done, PATIENCE_MS) === "timed-out")
        throw internal("search: a scanning thread did not answer");
    }
    for (const { port } of this.#workers) {
      const answer = receiveMessageOnPort(port)?.message as ScanAnswer | undefined;
      if (!answer) throw internal("search: a scanning thread answered without a result");
      candidates.addAll(answer.rows, answer.highest);
      judged += answer.judged;
    }
    return judged;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map(({ worker }) => worker.terminate()));
  }
}
