import { parentPort, workerData } from "node:worker_threads";
import { type ErrorParts, FaceError, internal, reasonOf } from "../../core/index.ts";
import { runJob, type TsneEvent, type TsneJob } from "./job.ts";
import { Team } from "./team.ts";

/** A worker's message. Errors travel as their parts, because a thrown one loses them on the way. */
export type WorkerMessage = TsneEvent | { readonly kind: "failed"; readonly error: ErrorParts };

/** Data that a worker is started with. */
export interface WorkerStart {
  readonly job: TsneJob;
  readonly part: number;
  readonly parts: number;
}

const { job, part, parts } = workerData as WorkerStart;
const post = (message: WorkerMessage): void => {
  const transfer = message.kind === "snapshot" ? [message.layout.buffer as ArrayBuffer] : [];
  parentPort!.postMessage(message, transfer);
};
try {
  for await (const event of runJob(job, new Team(part, parts, job.control))) if (part === 0) post(event);
} catch (thrown) {
  // The others would wait at their next barrier for this thread.
  Team.stop(job.control);
  const error = thrown instanceof FaceError ? thrown : internal(`t-SNE: ${reasonOf(thrown)}`);
  post({ kind: "failed", error: error.parts });
}
