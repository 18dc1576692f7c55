import { fileURLToPath } from "node:url";
import { type Box, FaceError, threadCount, type WorkOptions } from "../core/index.ts";
import type { Detection, DetectOptions } from "../detect/index.ts";
import type { EmbedOptions } from "../embed/index.ts";
import type { ReadImageOptions } from "../image/index.ts";
import { type Calibration, type ContractOptions, ModelStore, type Pipeline } from "../models/index.ts";
import type { Verdict } from "../verdict/index.ts";
import type { Face } from "./face.ts";
import { type Photograph, tellWarnings } from "./face-finder.ts";
import type { PortraitPhotograph } from "./gallery/portrait.ts";
import { OrderedPool } from "./ordered-pool.ts";
import type { PictureFile } from "./picture-file.ts";
import type { PicturesTask, WorkerAnswer } from "./pool-worker.ts";
import { Recognizer, type RecognizerOptions } from "./recognizer.ts";
import { checkPoolOptions, type PoolOpening, recognizerOptionsAmong } from "./recognizer-options.ts";

/** The part of {@link RecognizerOptions} that can be handed to another thread. */
export interface PoolOptions extends DetectOptions, EmbedOptions, ReadImageOptions {
  readonly detector?: string | undefined;
  readonly model?: string | undefined;
  readonly contract?: ContractOptions | undefined;
}

/** A photograph's faces with what tells its file from others. */
export interface FiledPhotograph extends Photograph<Face> {
  readonly file: PictureFile;
}

/** The answers that a pool gives for pictures whose bytes are at hand, by what is wanted of them. */
export interface PictureTasks {
  readonly detect: Photograph<Detection<"image">>;
  readonly faces: Photograph<Face>;
  readonly portraits: PortraitPhotograph;
  /** Of an aligned crop's file: one face without a place, or none where it is of another size than the network's. */
  readonly crop: Photograph<Pick<Face, "embedding">>;
}

/** A picture's faces, or why there are none to be had. */
export type PictureResult<P> =
  | { readonly kind: "faces"; readonly photograph: P }
  | { readonly kind: "failed"; readonly error: FaceError };

/** One photograph's faces, or why there are none to be had. */
export type PhotographResult<P = Photograph<Face>> =
  | { readonly path: string; readonly kind: "faces"; readonly photograph: P }
  | { readonly path: string; readonly kind: "failed"; readonly error: FaceError };

/**
 * Recognizers in worker threads, one per core: photographs run side by side, each on one thread.
 *
 * Memory is bounded by the number of workers, whatever the number of photographs.
 *
 * ```ts
 * import { listPhotographs, RecognizerPool } from "arcface-ts";
 *
 * const { paths } = await listPhotographs(["holiday/"]);
 * await using pool = await RecognizerPool.open();
 * for await (const result of pool.faces(paths)) {
 *   if (result.kind === "faces") console.log(result.path, result.photograph.faces.length);
 *   else console.error(result.error.message);
 * }
 * ```
 */
export class RecognizerPool {
  readonly #pool: OrderedPool<string, WorkerAnswer<unknown>>;
  readonly #onWarning: RecognizerOptions["onWarning"];
  readonly workers: number;
  /** The network that the vectors come from. */
  readonly model: string;
  /** Length of the vectors. */
  readonly dimension: number;
  /** The pipeline that makes the vectors: they are compared with those of the same pipeline only. */
  readonly pipeline: Pipeline;
  /** Known facts about scores of this model; undefined when it was not calibrated. */
  readonly calibration: Calibration | undefined;
  /** Says why there is no calibration; undefined when there is one. */
  readonly uncalibrated: string | undefined;
  /** The meaning of a cosine between two of this pool's vectors; undefined when that is not known. */
  readonly verdict: (cosine: number) => Verdict | undefined;

  private constructor(
    pool: OrderedPool<string, WorkerAnswer<unknown>>,
    opened: Recognizer,
    onWarning: RecognizerOptions["onWarning"],
  ) {
    this.#onWarning = onWarning;
    this.#pool = pool;
    this.workers = pool.workers;
    this.model = opened.model;
    this.dimension = opened.dimension;
    this.pipeline = opened.pipeline;
    this.calibration = opened.calibration;
    this.uncalibrated = opened.uncalibrated;
    this.verdict = (cosine) => opened.verdict(cosine);
  }

  /**
   * Opens the models once here, which downloads and prepares them, and then in every worker.
   *
   * Throws    as {@link Recognizer.open}
   */
  static async open(options: PoolOpening = {}): Promise<RecognizerPool> {
    checkPoolOptions("RecognizerPool.open", options);
    const {
      workers,
      store = new ModelStore(),
      signal: _,
      onProgress: __,
      calibration: ___,
      threshold: ____,
      onWarning,
      ...rest
    } = options;
    await using opened = await Recognizer.open({ ...recognizerOptionsAmong(options), store });
    const worker = fileURLToPath(new URL("./pool-worker.js", import.meta.url));
    return new RecognizerPool(
      new OrderedPool(worker, threadCount(workers), { ...rest, home: store.home }),
      opened,
      onWarning,
    );
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

  /** The same with what tells each photograph's file from others. */
  async *facesOfFiles(
    paths: Iterable<string>,
    options: WorkOptions & { readonly total?: number } = {},
  ): AsyncGenerator<PhotographResult<FiledPhotograph>> {
    yield* this.#each<FiledPhotograph>("filed", paths, options);
  }

  /** The same with what enrolment looks at: crops, sharpness, and the photograph's sha256. */
  async *portraits(
    paths: Iterable<string>,
    options: WorkOptions & { readonly total?: number } = {},
  ): AsyncGenerator<PhotographResult<PortraitPhotograph>> {
    yield* this.#each<PortraitPhotograph>("portraits", paths, options);
  }

  /**
   * Pictures whose bytes are at hand, on one worker, one after the other: for a service, which has its own queue. Each is
   * computed by itself, so what one gives does not depend on the others. A picture that cannot be read is a result like
   * any other.
   *
   * @param task `detect` for boxes and landmarks alone, `faces` with vectors, `portraits` with what enrolment looks at, `crop` for a
   *             vector of a crop that is aligned already
   * @param boxes of portraits: the place of the one face that counts, for pictures of which somebody says it
   */
  async recognise<T extends keyof PictureTasks>(
    pictures: readonly Uint8Array[],
    task: T,
    boxes?: readonly (Box<"image"> | undefined)[],
  ): Promise<PictureResult<PictureTasks[T]>[]> {
    const answers = await this.#pictures(pictures, task, boxes);
    return answers.map((answer) =>
      answer.kind === "faces"
        ? { kind: "faces", photograph: answer.photograph as PictureTasks[T] }
        : { kind: "failed", error: new FaceError(answer.error.code, answer.error) },
    );
  }

  async #pictures(
    pictures: readonly Uint8Array[],
    task: keyof PictureTasks,
    boxes?: readonly (Box<"image"> | undefined)[],
  ): Promise<WorkerAnswer<unknown>[]> {
    const item: PicturesTask = { task, pictures, boxes };
    // The pool's items are paths; this one is answered by another export of the worker.
    const answer: unknown = await this.#pool.answer(item as unknown as string, "pictures");
    return answer as WorkerAnswer<unknown>[];
  }

  async *#each<P extends Photograph<unknown>>(
    task: "default" | "filed" | "portraits",
    paths: Iterable<string>,
    options: WorkOptions & { readonly total?: number },
  ): AsyncGenerator<PhotographResult<P>> {
    let done = 0;
    for await (const { item: path, answer } of this.#pool.answers(paths, options.signal, task)) {
      const photograph = answer.kind === "faces" ? (answer.photograph as P) : undefined;
      tellWarnings(path, photograph?.warnings, { onWarning: this.#onWarning });
      yield answer.kind === "faces"
        ? { path, kind: "faces", photograph: answer.photograph as P }
        : { path, kind: "failed", error: new FaceError(answer.error.code, answer.error) };
      options.onProgress?.({
        stage: "photographs",
        done: ++done,
        ...(options.total === undefined ? {} : { total: options.total }),
      });
    }
  }

  /** Lets what was begun finish, at most two photographs a worker, and ends the workers; a second call does nothing. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
