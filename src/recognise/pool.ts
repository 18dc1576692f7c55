import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { FaceError, throwIfAborted, type WorkOptions } from "../core/index.ts";
import type { DetectOptions } from "../detect/index.ts";
import type { EmbedOptions } from "../embed/index.ts";
import type { GalleryContract } from "../gallery/index.ts";
import type { ReadImageOptions } from "../image/index.ts";
import { type Calibration, type ContractOptions, ModelStore } from "../models/index.ts";
import type { Face } from "./face.ts";
import type { Photograph } from "./face-finder.ts";
import type { PortraitPhotograph } from "./gallery/portrait.ts";
import type { WorkerAnswer } from "./pool-worker.ts";
import { Recognizer, type RecognizerOptions } from "./recognizer.ts";

/** What can be handed to another thread of {@link RecognizerOptions}. */
export interface PoolOptions extends DetectOptions, EmbedOptions, ReadImageOptions {
  readonly detector?: string | undefined;
  readonly model?: string | undefined;
  readonly contract?: ContractOptions | undefined;
}

/** One photograph's faces, or why there are none to be had. */
export type PhotographResult<P = Photograph<Face>> =
  | { readonly path: string; readonly kind: "faces"; readonly photograph: P }
  | { readonly path: string; readonly kind: "failed"; readonly error: FaceError };

/** Photographs handed to each worker ahead of need: enough to keep it busy, few enough to bound memory. */
const AHEAD = 2;

/**
 * Recognizers in worker threads, one per core: photographs run side by side, each on one thread.
 *
 * Memory is bounded by the number of workers, whatever the number of photographs.
 */
export class RecognizerPool {
  readonly #pool: Piscina<string, WorkerAnswer<unknown>>;
  readonly #running = new Set<Promise<WorkerAnswer<unknown>>>();
  #closed = false;
  readonly workers: number;
  /** Which network the vectors come from. */
  readonly model: string;
  /** Length of the vectors. */
  readonly dimension: number;
  readonly calibration: Calibration | undefined;

  /** What a gallery records about the vectors. */
  readonly galleryContract: GalleryContract;

  private constructor(pool: Piscina<string, WorkerAnswer<unknown>>, workers: number, opened: Recognizer) {
    this.#pool = pool;
    this.workers = workers;
    this.model = opened.model;
    this.dimension = opened.dimension;
    this.calibration = opened.calibration;
    this.galleryContract = opened.galleryContract;
  }

  /**
   * Opens the models once here, which downloads and prepares them, and then in every worker.
   *
   * @param options.workers threads @default one per core
   * Throws    as {@link Recognizer.open}
   */
  static async open(
    options: RecognizerOptions & { readonly workers?: number | undefined } = {},
  ): Promise<RecognizerPool> {
    const {
      workers = availableParallelism(),
      store = new ModelStore(),
      signal: _,
      onProgress: __,
      ...rest
    } = options;
    await using opened = await Recognizer.open({ ...options, store });
    const pool = new Piscina<string, WorkerAnswer<unknown>>({
      filename: fileURLToPath(new URL("./pool-worker.js", import.meta.url)),
      minThreads: workers,
      maxThreads: workers,
      // Inference is synchronous inside a worker; waiting without a spinning loop leaves the cores to it.
      atomics: "disabled",
      workerData: { ...rest, home: store.home },
    });
    return new RecognizerPool(pool, workers, opened);
  }

  /**
   * The faces of many photographs, in the order of `paths`. A photograph that cannot be read is a result like any
   * other; the rest goes on.
   */
  async *faces(
    paths: Iterable<string>,
    options: WorkOptions & { readonly total?: number } = {},
  ): AsyncGenerator<PhotographResult> {
    yield* this.#each<Photograph<Face>>("default", paths, options);
  }

  /** The same with what enrolment looks at: crops, sharpness, and the photograph's sha256. */
  async *portraits(
    paths: Iterable<string>,
    options: WorkOptions & { readonly total?: number } = {},
  ): AsyncGenerator<PhotographResult<PortraitPhotograph>> {
    yield* this.#each<PortraitPhotograph>("portraits", paths, options);
  }

  async *#each<P>(
    task: "default" | "portraits",
    paths: Iterable<string>,
    options: WorkOptions & { readonly total?: number },
  ): AsyncGenerator<PhotographResult<P>> {
    const queue: { path: string; answer: Promise<WorkerAnswer<unknown>> }[] = [];
    const waiting = paths[Symbol.iterator]();
    let done = 0;
    const fill = (): void => {
      while (queue.length < this.workers * AHEAD) {
        const next = waiting.next();
        if (next.done) return;
        const answer = this.#pool.run(next.value, { name: task });
        this.#running.add(answer);
        // A rejection is met where the answer is awaited; here it only must not count as unhandled.
        answer.catch(() => undefined).finally(() => this.#running.delete(answer));
        queue.push({ path: next.value, answer });
      }
    };
    for (fill(); queue.length > 0; fill()) {
      throwIfAborted(options.signal);
      const { path, answer } = queue.shift()!;
      const result = await answer;
      yield result.kind === "faces"
        ? { path, kind: "faces", photograph: result.photograph as P }
        : { path, kind: "failed", error: new FaceError(result.code, result.message) };
      options.onProgress?.({
        stage: "photographs",
        done: ++done,
        ...(options.total === undefined ? {} : { total: options.total }),
      });
    }
  }

  /** Lets what was begun finish, at most two photographs a worker, and ends the workers; a second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // A thread ended in the middle of native code would take the process with it.
    await Promise.allSettled(this.#running);
    await this.#pool.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
