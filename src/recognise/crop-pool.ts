import { fileURLToPath } from "node:url";
import { type AlignedFace, asAlignedFace } from "../align/index.ts";
import { FaceError, threadCount, type WorkOptions } from "../core/index.ts";
import type { LookOptions } from "../detect/index.ts";
import { type ReadImageOptions, RgbImage } from "../image/index.ts";
import { ModelStore } from "../models/index.ts";
import type { CropAnswer } from "./crop-worker.ts";
import type { FaceChoice } from "./face.ts";
import { FaceFinder, type FaceFinderOptions, tellWarnings } from "./face-finder.ts";
import { OrderedPool } from "./ordered-pool.ts";
import { recognizerOptionsAmong } from "./recognizer-options.ts";

/** The part of {@link FaceFinderOptions} that can be handed to another thread, and how faces are cut out. */
export interface CropOptions extends LookOptions, ReadImageOptions {
  readonly detector?: string | undefined;
  /** Side of the crops, a multiple of 112 or 128. @default 112 */
  readonly sizePx?: number | undefined;
  /** The face that is meant when a photograph has several. @default "central" */
  readonly face?: FaceChoice | undefined;
}

/** One photograph's face cut out; or that there is none, or why it could not be looked for. */
export type CropResult =
  | { readonly path: string; readonly kind: "crop"; readonly crop: AlignedFace }
  | { readonly path: string; readonly kind: "no-face" }
  | { readonly path: string; readonly kind: "failed"; readonly error: FaceError };

/** Face finders in worker threads, one per core: one aligned crop of every photograph, for training sets. */
export class CropPool {
  readonly #pool: OrderedPool<string, CropAnswer>;
  readonly #onWarning: FaceFinderOptions["onWarning"];

  private constructor(pool: OrderedPool<string, CropAnswer>, onWarning: FaceFinderOptions["onWarning"]) {
    this.#onWarning = onWarning;
    this.#pool = pool;
  }

  /**
   * Opens the detector once here, which downloads and prepares it, and then in every worker.
   *
   * @param options.workers threads, at most one per core @default one per core
   * Throws    as {@link FaceFinder.open}
   */
  static async open(
    options: CropOptions & FaceFinderOptions & { readonly workers?: number | undefined } = {},
  ): Promise<CropPool> {
    const { workers, store = new ModelStore(), signal: _, onProgress: __, onWarning, ...rest } = options;
    await using _opened = await FaceFinder.open({ ...recognizerOptionsAmong(options), store });
    const worker = fileURLToPath(new URL("./crop-worker.js", import.meta.url));
    return new CropPool(
      new OrderedPool(worker, threadCount(workers), { ...rest, home: store.home }),
      onWarning,
    );
  }

  /** The crops of many photographs, in the order of `paths`. What cannot be read is a result like any other. */
  async *crops(paths: Iterable<string>, options: WorkOptions = {}): AsyncGenerator<CropResult> {
    for await (const { item: path, answer } of this.#pool.answers(paths, options.signal)) {
      if (answer.kind !== "failed") tellWarnings(path, answer.warnings, { onWarning: this.#onWarning });
      if (answer.kind === "crop") {
        const crop = new RgbImage(answer.sizePx, answer.sizePx, answer.pixels);
        yield { path, kind: "crop", crop: asAlignedFace(crop) };
      } else if (answer.kind === "no-face") yield { path, kind: "no-face" };
      else yield { path, kind: "failed", error: new FaceError(answer.error.code, answer.error) };
    }
  }

  /** Lets what was begun finish and ends the workers; a second call does nothing. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
