import { type PictureWorkers, WorkQueue } from "../work-queue.ts";
import { JobWorker, type JobWorkerOptions } from "./job-worker.ts";
import { PictureLook } from "./picture-look.ts";

/** Shares that one process works on at a time: the pictures of the next fill what the end of one leaves idle. */
export const LANES = 2;

/** Everything that a worker of its own process is made of. */
export type WorkerOptions = Omit<JobWorkerOptions, "look" | "recognition"> & {
  readonly recognition: PictureWorkers;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
};

/** A worker without a service around it. */
export function createWorker({ now, ...options }: WorkerOptions): JobWorker {
  const { recognition } = options;
  const abreast = LANES * recognition.workers;
  const unseen = { waited: () => undefined, computed: () => undefined, refused: () => undefined };
  const queue = new WorkQueue(recognition, { waiting: abreast, batch: 1 }, now, unseen);
  return new JobWorker({ ...options, look: new PictureLook(queue, abreast) });
}
