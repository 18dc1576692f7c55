import { Worker } from "node:worker_threads";
import { FaceError, internal, reasonOf } from "../../core/index.ts";
import type { TsneEvent, TsneJob } from "./job.ts";
import { Team } from "./team.ts";
import type { WorkerMessage, WorkerStart } from "./tsne-worker.ts";

/**
 * Runs a job on worker threads and passes on what happens. Ends the threads when it is done, when it fails, and when
 * the caller stops listening.
 *
 * Throws    FaceError ABORTED once the team was asked to stop
 */
export async function* runOnThreads(job: TsneJob, threads: number): AsyncGenerator<TsneEvent, void> {
  const events: TsneEvent[] = [];
  const failures: FaceError[] = [];
  let wake: (() => void) | undefined;
  let running = threads;
  const workers = Array.from({ length: threads }, (_, part) => {
    const start: WorkerStart = { job, part, parts: threads };
    const worker = new Worker(new URL("./tsne-worker.js", import.meta.url), { workerData: start });
    worker.on("message", (message: WorkerMessage) => {
      if (message.kind === "failed") failures.push(new FaceError(message.error.code, message.error));
      else events.push(message);
      wake?.();
    });
    worker.on("error", (thrown) => {
      Team.stop(job.control);
      failures.push(internal(`t-SNE: ${reasonOf(thrown)}`));
    });
    worker.on("exit", () => {
      running--;
      wake?.();
    });
    return worker;
  });
  const change = async (): Promise<void> =>
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  try {
    while (running > 0 || events.length > 0) {
      while (events.length > 0) yield events.shift()!;
      if (running > 0 && events.length === 0) await change();
    }
    // One thread's failure makes the others stop; the cause is what was not a stop.
    const cause = failures.find(({ code }) => code !== "ABORTED") ?? failures[0];
    if (cause) throw cause;
  } finally {
    // Never terminated: a thread ended inside native code would take the process with it.
    if (running > 0) Team.stop(job.control);
    while (running > 0) await change();
    for (const worker of workers) worker.removeAllListeners();
  }
}
