import { parentPort, workerData } from "node:worker_threads";
import { type ErrorParts, FaceError, internal, type Progress, reasonOf } from "../../core/index.ts";
import { ModelStore } from "../../models/index.ts";
import type { TrainConfig } from "./config.ts";
import type { RunEvent } from "./events.ts";
import { runTraining } from "./run.ts";
import type { RunReport } from "./run-journal.ts";

/** Data that the training thread is started with. */
export interface RunWorkerData {
  readonly out: string;
  readonly config: TrainConfig | undefined;
  readonly workers: number | undefined;
  readonly threads: number | undefined;
  /** Of the model store. */
  readonly home: string;
}

/** The thread's message. Errors travel as their parts, because a thrown one loses them on the way. */
export type RunMessage =
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "done"; readonly report: RunReport }
  | { readonly kind: "failed"; readonly error: ErrorParts };

const { home, ...options } = workerData as RunWorkerData;
const controller = new AbortController();
const say = (message: RunMessage): void => parentPort!.postMessage(message);
parentPort!.on("message", () => controller.abort());

try {
  const report = await runTraining({
    ...options,
    store: new ModelStore({ home }),
    signal: controller.signal,
    onEvent: (event) => say({ kind: "event", event }),
    onProgress: (progress) => say({ kind: "progress", progress }),
  });
  say({ kind: "done", report });
} catch (thrown) {
  const { parts: error } = thrown instanceof FaceError ? thrown : internal(reasonOf(thrown));
  say({ kind: "failed", error });
}
parentPort!.close();
