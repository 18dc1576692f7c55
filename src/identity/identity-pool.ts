import { fileURLToPath } from "node:url";
import {
  checkOptions,
  FaceError,
  OPTION_KINDS,
  threadCount,
  throwIfAborted,
  type WorkOptions,
} from "../core/index.ts";
import { FOLLOWING_FAMILIES } from "../detect/index.ts";
import type { RgbImage } from "../image/index.ts";
import { DEFAULT_MODELS, ModelStore } from "../models/index.ts";
import type { FaceChoice, FaceFinderOptions, VerdictOptions } from "../recognise/index.ts";
import { OrderedPool } from "../recognise/threads/index.ts";
import type { SeenPicture } from "./face-reader.ts";
import type { FramesAnswer, FramesTask, IdentityWorkerData, SeenAnswer } from "./identity-worker.ts";
import { findIdentityJudge, type IdentityJudge, type JudgeChoice } from "./judge.ts";

/** Options of {@link IdentityPool}. */
export interface IdentityPoolOptions extends FaceFinderOptions, VerdictOptions {
  /** @default one judge: the default model by the default protocol */
  readonly judges?: readonly JudgeChoice[] | undefined;
  /** The face that counts in a picture with several. @default as the first judge's protocol says: "largest" */
  readonly face?: FaceChoice | undefined;
  /** Pictures are frames of the judges' protocols already, as `align` or FFHQ's alignment makes them: nothing is looked for. @default false */
  readonly aligned?: boolean | undefined;
  /** Threads, at most one per core. @default one per core */
  readonly workers?: number | undefined;
}

/** Frames that one worker takes at once, and their bytes. */
const SHARE_FRAMES = 32;
const SHARE_BYTES = 1 << 26;

/** A picture as the judges saw it, or why it could not be read. */
export type SeenResult =
  | { readonly path: string; readonly kind: "seen"; readonly picture: SeenPicture }
  | { readonly path: string; readonly kind: "failed"; readonly error: FaceError };

/**
 * Judges in worker threads, one per core. Each picture is read and searched once, whatever the number of judges.
 *
 * ```ts
 * import { IdentityPool } from "arcface-ts/identity";
 *
 * await using pool = await IdentityPool.open({ judges: [{}, { model: "mobilefacenet-192" }] });
 * for await (const seen of pool.pictures(["source.jpg", "result.jpg"]))
 *   if (seen.kind === "seen" && seen.picture.kind === "face") console.log(seen.path, seen.picture.vectors.length);
 * ```
 */
export class IdentityPool {
  readonly #pool: OrderedPool<string, SeenAnswer>;
  readonly judges: readonly IdentityJudge[];
  readonly workers: number;
  /** True if faces can be followed from frame to frame; with other detectors every frame is searched, and in arranged ones nothing is. */
  readonly follows: boolean;

  private constructor(
    pool: OrderedPool<string, SeenAnswer>,
    judges: readonly IdentityJudge[],
    follows: boolean,
  ) {
    this.#pool = pool;
    this.judges = judges;
    this.follows = follows;
    this.workers = pool.workers;
  }

  /**
   * Finds the judges here, which downloads and prepares their networks, and opens them in every worker.
   *
   * Throws    FaceError USAGE for a judge that is there twice, a protocol whose network is not given; as `Recognizer.open`
   */
  static async open(options: IdentityPoolOptions = {}): Promise<IdentityPool> {
    checkOptions("IdentityPool.open", { workers: options.workers }, { workers: OPTION_KINDS.count });
    const { judges: choices = [{}], store = new ModelStore(), aligned = false } = options;
    const judges: IdentityJudge[] = [];
    for (const choice of choices)
      judges.push(await findIdentityJudge(choice, { ...options, store, aligned }));
    expectDifferent(judges);
    const data: IdentityWorkerData = {
      home: store.home,
      judges: judges.map(({ spec }) => spec),
      face: options.face ?? (judges[0]!.spec.protocol.face as FaceChoice),
      aligned,
      ...plain(options),
    };
    const detector = store.card(options.detector ?? DEFAULT_MODELS.detector, "detect");
    const follows =
      !aligned && detector.task === "detect" && FOLLOWING_FAMILIES.includes(detector.contract.family);
    const worker = fileURLToPath(new URL("./identity-worker.js", import.meta.url));
    return new IdentityPool(new OrderedPool(worker, threadCount(options.workers), data), judges, follows);
  }

  /** Pictures in the order of `paths`; one that cannot be read is a result like any other. */
  async *pictures(paths: readonly string[], options: WorkOptions = {}): AsyncGenerator<SeenResult> {
    let done = 0;
    for await (const { item: path, answer } of this.#pool.answers(paths, options.signal, "read")) {
      yield answer.kind === "seen"
        ? { path, kind: "seen", picture: answer.picture }
        : { path, kind: "failed", error: new FaceError(answer.error.code, answer.error) };
      options.onProgress?.({ stage: "pictures", done: ++done, total: paths.length });
    }
  }

  /**
   * Frames of one video, in their order. Each worker takes some that follow each other, so that a face can be followed.
   *
   * @param track the face is looked for around its last place; in the whole frame at the beginning of a worker's share, and where it is lost
   * Memory    two shares of 64 MB a worker
   */
  async *frames(
    frames: AsyncIterable<RgbImage>,
    { track = true, signal }: { readonly track?: boolean; readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<SeenPicture> {
    const queue: Promise<FramesAnswer>[] = [];
    const give = (share: readonly RgbImage[]): void => {
      const task: FramesTask = {
        frames: share.map(({ data, width, height }) => ({ data, width, height })),
        track,
      };
      // The pool's items are paths; this one is answered by another export of the worker.
      const answer = this.#pool.answer(
        task as unknown as string,
        "frames",
      ) as unknown as Promise<FramesAnswer>;
      // A rejection is met where the answer is awaited; here it only must not count as unhandled.
      answer.catch(() => undefined);
      queue.push(answer);
    };
    const next = async function* (): AsyncGenerator<SeenPicture> {
      const answer = await queue.shift()!;
      if (answer.kind === "error") throw new FaceError(answer.error.code, answer.error);
      yield* answer.pictures;
    };
    let share: RgbImage[] = [];
    for await (const image of frames) {
      throwIfAborted(signal);
      share.push(image);
      if (share.length < SHARE_FRAMES && share.length * image.data.length < SHARE_BYTES) continue;
      give(share);
      share = [];
      while (queue.length >= 2 * this.workers) yield* next();
    }
    if (share.length > 0) give(share);
    while (queue.length > 0) yield* next();
  }

  /** Lets what was begun finish and ends the workers; a second call does nothing. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The options of the reading that can be handed to a thread. */
function plain(options: IdentityPoolOptions): Partial<IdentityWorkerData> {
  const { detector, minFacePx, maxSidePx, maxPixels, turned } = options;
  const some = { detector, minFacePx, maxSidePx, maxPixels, turned };
  return Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined));
}

function expectDifferent(judges: readonly IdentityJudge[]): void {
  const seen = new Set<string>();
  for (const { model, protocol } of judges) {
    const name = `${model} by ${protocol.id}`;
    if (seen.has(name))
      throw new FaceError("USAGE", { where: "judges", expected: "judges that differ", got: `${name} twice` });
    seen.add(name);
  }
}
