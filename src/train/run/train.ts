import { Worker } from "node:worker_threads";
import { FaceError, internal, throwIfAborted } from "../../core/index.ts";
import { ModelStore } from "../../models/index.ts";
import type { RunReport } from "./run-journal.ts";
import type { RunOptions } from "./run-options.ts";
import type { RunMessage, RunWorkerData } from "./run-worker.ts";

/**
 * Trains in a worker thread, so that the caller's events, signals and servers stay alive while the graph computes.
 *
 * Aborting the signal lets the step that is computed finish, writes a checkpoint and resolves with `interrupted`.
 *
 * Throws    as {@link runTraining}
 *
 * ```ts
 * import { parseTrainConfig, train } from "arcface-ts/train";
 *
 * const config = parseTrainConfig({ data: "faces.pack", head: "arcface", epochs: 20 });
 * const report = await train({ out: "runs/a", config, onEvent: (event) => console.log(event.kind) });
 * console.log(report);
 * ```
 */
export async function train(options: RunOptions): Promise<RunReport> {
  const { out, config, workers, threads, store = new ModelStore(), signal, onEvent, onProgress } = options;
  throwIfAborted(signal);
  const workerData: RunWorkerData = { out, config, workers, threads, home: store.home };
  const worker = new Worker(new URL("./run-worker.js", import.meta.url), { workerData });
  const stop = (): void => worker.postMessage("stop");
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise<RunReport>((resolve, reject) => {
      let answer: RunMessage | undefined;
      worker.on("message", (message: RunMessage) => {
        if (message.kind === "event") onEvent?.(message.event);
        else if (message.kind === "progress") onProgress?.(message.progress);
        else answer = message;
      });
      worker.on("error", reject);
      // Only when the thread is gone is its native memory given back and the folder free.
      worker.on("exit", () => {
        if (answer?.kind === "done") resolve(answer.report);
        else if (answer?.kind === "failed") reject(new FaceError(answer.error.code, answer.error));
        else reject(internal("the training thread has ended without an answer"));
      });
    });
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
