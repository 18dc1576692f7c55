import { parentPort, workerData } from "node:worker_threads";
import { type ErrorParts, FaceError, internal, reasonOf } from "../../core/index.ts";
import type { Augmentation } from "./augment/index.ts";
import type { ExampleSource, Pictures } from "./example-set.ts";
import { fillBatch, type Replaced } from "./fill-batch.ts";
import { openPictures } from "./open-pictures.ts";

/** Data that a batch thread is started with. */
export interface BatchWorkerData {
  readonly source: ExampleSource;
  readonly augmentation: Augmentation;
  readonly seed: number;
}

/** One batch to fill. The images are handed over and come back. */
export interface BatchTask {
  readonly step: number;
  readonly indices: Uint32Array;
  readonly images: Float32Array<ArrayBuffer>;
}

/** The thread's answer. Errors travel as their parts, because a thrown one loses them on the way. */
export type BatchAnswer =
  | {
      readonly kind: "filled";
      readonly step: number;
      readonly indices: Uint32Array;
      readonly images: Float32Array<ArrayBuffer>;
      readonly replaced: readonly Replaced[];
    }
  | { readonly kind: "failed"; readonly step: number; readonly error: ErrorParts };

const { source, augmentation, seed } = workerData as BatchWorkerData;
let pictures: Pictures | undefined;
let last: Promise<void> = Promise.resolve();

parentPort!.on("message", (message: BatchTask | "close") => {
  last = last.then(() => (message === "close" ? close() : answer(message)));
});

async function answer({ step, indices, images }: BatchTask): Promise<void> {
  try {
    pictures ??= openPictures(source);
    const replaced = await fillBatch(pictures, { step, indices, seed, augmentation }, images);
    const answer: BatchAnswer = { kind: "filled", step, indices, images, replaced };
    parentPort!.postMessage(answer, [images.buffer]);
  } catch (thrown) {
    const { parts: error } = thrown instanceof FaceError ? thrown : internal(reasonOf(thrown));
    parentPort!.postMessage({ kind: "failed", step, error } satisfies BatchAnswer);
  }
}

function close(): void {
  pictures?.close();
  parentPort!.close();
}
