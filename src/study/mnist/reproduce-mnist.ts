import { Worker } from "node:worker_threads";
import { FaceError, internal, throwIfAborted } from "../../core/index.ts";
import type { ExperimentOptions, Reproduced } from "./experiment.ts";
import type { MnistMessage, MnistWorkerData } from "./mnist-worker.ts";
import { type MnistPlan, settlePlan } from "./plan.ts";

/**
 * Does `mnistExperiment` in a worker thread, so that the caller's progress and signals stay alive while the
 * engine computes. Aborting the signal ends it within a second or so, and nothing is written.
 *
 * Throws    as `mnistExperiment`
 */
export async function reproduceMnist(plan: MnistPlan, options: ExperimentOptions): Promise<Reproduced> {
  const { out, store, version, commit, threads, signal, onProgress } = options;
  throwIfAborted(signal);
  settlePlan(plan);
  const workerData: MnistWorkerData = { plan, out, version, commit, threads, home: store.home };
  const worker = new Worker(new URL("./mnist-worker.js", import.meta.url), { workerData });
  const stop = (): void => worker.postMessage("stop");
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await new Promise<Reproduced>((resolve, reject) => {
      let answer: MnistMessage | undefined;
      worker.on("message", (message: MnistMessage) => {
        if (message.kind === "progress") onProgress?.(message.progress);
        else answer = message;
      });
      worker.on("error", reject);
      // Only when the thread is gone is its native memory given back.
      worker.on("exit", () => {
        if (answer?.kind === "done") resolve(answer.reproduced);
        else if (answer?.kind === "failed") reject(new FaceError(answer.error.code, answer.error));
        else reject(internal("the experiment's thread has ended without an answer"));
      });
    });
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
