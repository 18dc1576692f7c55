import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { elementCount, FaceError, internal, threadCount, throwIfAborted } from "../../core/index.ts";
import type { Augmentation } from "./augment/index.ts";
import type { BatchAnswer, BatchTask, BatchWorkerData } from "./batch-worker.ts";
import type { Pictures } from "./example-set.ts";
import type { Examples } from "./examples.ts";
import { fillBatch, type Replaced } from "./fill-batch.ts";
import { openPictures } from "./open-pictures.ts";
import type { Sampler } from "./sampler.ts";

/** One step's pictures. The arrays belong to the loader: they are filled anew after the next step has begun. */
export interface Batch {
  readonly step: number;
  /** Shapes [batch · channels · height · width]. Ranges −1…1 */
  readonly images: Float32Array<ArrayBuffer>;
  /** Shapes [batch]. Ranges 0…classes−1 */
  readonly labels: Int32Array;
  /** Numbers of the pictures in their set. Shapes [batch] */
  readonly indices: Uint32Array;
  /** Pictures that could not be read, each with the one of this batch that stands in its place. */
  readonly replaced: readonly Replaced[];
}

/** Options of a {@link BatchLoader}. */
export interface BatchLoaderOptions {
  readonly sampler: Sampler;
  readonly augmentation: Augmentation;
  readonly seed: number;
  /** Threads that read and vary pictures; 0 does it on the calling thread; at most one per core. @default half the cores */
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Batches prepared ahead of need beside the one that each thread works on; they bound memory. */
const SPARE = 2;

/**
 * Prepares batches in threads while the engine computes. Step n of a seed is the same batch whatever the number of
 * threads and wherever a run was resumed. Arrays are handed from thread to thread, never copied.
 */
export class BatchLoader {
  readonly #examples: Examples;
  readonly #options: BatchLoaderOptions;
  readonly #workers: readonly BatchWorker[];
  #closed = false;
  #waitedMs = 0;

  private constructor(examples: Examples, options: BatchLoaderOptions, workers: readonly BatchWorker[]) {
    this.#examples = examples;
    this.#options = options;
    this.#workers = workers;
  }

  static open(examples: Examples, options: BatchLoaderOptions): BatchLoader {
    const workers =
      options.workers === 0 ? 0 : threadCount(options.workers, Math.ceil(threadCount(undefined) / 2));
    const { source } = examples.set;
    return new BatchLoader(
      examples,
      options,
      workers === 0
        ? [new LocalBatchWorker(openPictures(source), options.augmentation, options.seed)]
        : Array.from({ length: workers }, () => new ThreadBatchWorker({ ...options, source })),
    );
  }

  /** The time that batches were waited for so far, in milliseconds: next to nothing while the threads keep up. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /**
   * The batches from a step on, without end.
   *
   * Throws    FaceError when no picture of a batch can be read; ABORTED
   */
  async *from(first: number): AsyncGenerator<Batch, never> {
    if (this.#closed)
      throw new FaceError("CLOSED", {
        where: "batches",
        expected: "an open loader",
        got: "one that was closed",
      });
    const { sampler, signal } = this.#options;
    const { set, indices, labels } = this.#examples;
    const size = elementCount(set.shape);
    const free: Float32Array<ArrayBuffer>[] = [];
    const ahead: {
      readonly step: number;
      readonly positions: Uint32Array;
      readonly filled: Promise<Filled>;
    }[] = [];
    let next = first;
    const order = (): void => {
      while (ahead.length < this.#workers.length + SPARE) {
        const positions = sampler(next);
        const chosen = positions.map((position) => indices[position]!);
        const images = free.pop() ?? new Float32Array(positions.length * size);
        const worker = this.#workers[next % this.#workers.length]!;
        const filled = worker.fill(next, chosen, images);
        // A rejection is met where the batch is awaited; here it only must not count as unhandled.
        filled.catch(() => undefined);
        ahead.push({ step: next++, positions, filled });
      }
    };
    for (;;) {
      throwIfAborted(signal);
      order();
      const { step, positions, filled } = ahead.shift()!;
      const asked = performance.now();
      const { images, indices: chosen, replaced } = await filled;
      this.#waitedMs += performance.now() - asked;
      order();
      // Whatever stands in a place, its label and its number stand there too.
      for (const { slot, by } of replaced) {
        positions[slot] = positions[by]!;
        chosen[slot] = chosen[by]!;
      }
      yield {
        step,
        images,
        labels: Int32Array.from(positions, (p) => labels[p]!),
        indices: chosen,
        replaced,
      };
      free.push(images);
    }
  }

  /** Lets the threads finish what they have begun and ends them; a second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

interface Filled {
  readonly images: Float32Array<ArrayBuffer>;
  readonly indices: Uint32Array;
  readonly replaced: readonly Replaced[];
}

interface BatchWorker {
  fill(step: number, indices: Uint32Array, images: Float32Array<ArrayBuffer>): Promise<Filled>;
  close(): Promise<void>;
}

class LocalBatchWorker implements BatchWorker {
  readonly #pictures: Pictures;
  readonly #augmentation: Augmentation;
  readonly #seed: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(pictures: Pictures, augmentation: Augmentation, seed: number) {
    this.#pictures = pictures;
    this.#augmentation = augmentation;
    this.#seed = seed;
  }

  async fill(step: number, indices: Uint32Array, images: Float32Array<ArrayBuffer>): Promise<Filled> {
    const filling = fillBatch(
      this.#pictures,
      { step, indices, seed: this.#seed, augmentation: this.#augmentation },
      images,
    );
    this.#last = filling.catch(() => undefined);
    return { images, indices, replaced: await filling };
  }

  async close(): Promise<void> {
    await this.#last;
    this.#pictures.close();
  }
}

class ThreadBatchWorker implements BatchWorker {
  readonly #thread: Worker;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (filled: Filled) => void; readonly reject: (error: Error) => void }
  >();
  #failure: Error | undefined;

  constructor({ source, augmentation, seed }: BatchWorkerData) {
    this.#thread = new Worker(new URL("./batch-worker.js", import.meta.url), {
      workerData: { source, augmentation, seed } satisfies BatchWorkerData,
    });
    // The process may end while batches are ahead of need.
    this.#thread.unref();
    this.#thread.on("message", (answer: BatchAnswer) => {
      const waiting = this.#waiting.get(answer.step);
      this.#waiting.delete(answer.step);
      if (answer.kind === "filled") waiting?.resolve(answer);
      else waiting?.reject(new FaceError(answer.error.code, answer.error));
      if (this.#waiting.size === 0) this.#thread.unref();
    });
    const fail = (error: Error): void => {
      this.#failure = error;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    this.#thread.on("error", fail);
    this.#thread.on("exit", () => fail(internal("a batch thread has ended")));
  }

  fill(step: number, indices: Uint32Array, images: Float32Array<ArrayBuffer>): Promise<Filled> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#thread.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(step, { resolve, reject });
      const task: BatchTask = { step, indices, images };
      this.#thread.postMessage(task, [images.buffer]);
    });
  }

  async close(): Promise<void> {
    if (this.#failure) return;
    const ended = once(this.#thread, "exit");
    // Not ended from outside: a thread that is stopped inside native code takes the process with it.
    this.#thread.ref();
    this.#thread.postMessage("close");
    await ended;
  }
}
