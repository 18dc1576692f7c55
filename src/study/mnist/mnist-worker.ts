import { parentPort, workerData } from "node:worker_threads";
import { type ErrorParts, FaceError, internal, type Progress, reasonOf } from "../../core/index.ts";
import { ModelStore } from "../../models/index.ts";
import { mnistExperiment, type Reproduced } from "./experiment.ts";
import type { MnistPlan } from "./plan.ts";

/** Data that the experiment's thread is started with. */
export interface MnistWorkerData {
  readonly plan: MnistPlan;
  readonly out: string;
  readonly version: string;
  readonly commit: string | undefined;
  readonly threads: number | undefined;
  /** Of the model store. */
  readonly home: string;
}

/** The thread's message. Errors travel as their parts, because a thrown one loses them on the way. */
export type MnistMessage =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "done"; readonly reproduced: Reproduced }
  | { readonly kind: "failed"; readonly error: ErrorParts };

const { plan, home, ...options } = workerData as MnistWorkerData;
const controller = new AbortController();
const say = (message: MnistMessage): void => parentPort!.postMessage(message);
parentPort!.on("message", () => controller.abort());

try {
  const reproduced = await mnistExperiment(plan, {
    ...options,
    store: new ModelStore({ home }),
    signal: controller.signal,
    onProgress: (progress) => say({ kind: "progress", progress }),
  });
  say({ kind: "done", reproduced });
} catch (thrown) {
  const { parts: error } = thrown instanceof FaceError ? thrown : internal(reasonOf(thrown));
  say({ kind: "failed", error });
}
parentPort!.close();
