import { type Box, FaceError } from "../core/index.ts";
import type { PictureResult, PictureTasks, RecognizerPool } from "../recognise/index.ts";
import { ServiceError } from "./service-error.ts";
import type { Limits } from "./settings/index.ts";

/** The part of a pool that a service works with. */
export type PictureWorkers = Pick<
  RecognizerPool,
  "calibration" | "dimension" | "model" | "pipeline" | "recognise" | "uncalibrated" | "verdict" | "workers"
>;

/** Told of what goes through the queue, in milliseconds. */
export interface QueueWatch {
  readonly waited: (ms: number) => void;
  readonly computed: (ms: number, pictures: number) => void;
  readonly refused: () => void;
}

interface Waiting {
  readonly picture: Uint8Array;
  readonly task: keyof PictureTasks;
  readonly box: Box<"image"> | undefined;
  readonly since: number;
  readonly settle: (result: PictureResult<unknown>) => void;
  readonly fail: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly giveUp: () => void;
}

/**
 * Pictures on their way to the workers: a bounded queue, first come, first served.
 *
 * A worker that is free gets one picture; when more wait than there are workers it gets several of one kind at once. Each
 * is computed by itself, so answers do not depend on what else waits. Whoever gives up takes the picture out.
 */
export class WorkQueue {
  readonly #pool: PictureWorkers;
  readonly #limits: Pick<Limits, "waiting" | "batch">;
  readonly #now: () => number;
  readonly #watch: QueueWatch;
  #waiting: Waiting[] = [];
  #busy = 0;
  /** Seconds that a picture takes, smoothed; for `Retry-After`. */
  #seconds = 0.2;

  /** @param now milliseconds of a clock that only goes forward */
  constructor(
    pool: PictureWorkers,
    limits: Pick<Limits, "waiting" | "batch">,
    now: () => number,
    watch: QueueWatch,
  ) {
    this.#pool = pool;
    this.#limits = limits;
    this.#now = now;
    this.#watch = watch;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get busy(): number {
    return this.#busy;
  }

  /**
   * A picture's faces.
   *
   * Throws    ServiceError OVERLOADED at once when the queue is full; FaceError of the picture; ABORTED
   */
  async run<T extends keyof PictureTasks>(
    picture: Uint8Array,
    task: T,
    signal?: AbortSignal,
  ): Promise<PictureTasks[T]> {
    const result = await this.ask(picture, task, signal);
    if (result.kind === "failed") throw result.error;
    return result.photograph;
  }

  /** Room for so many pictures. Throws ServiceError OVERLOADED. */
  expectRoom(pictures: number): void {
    if (this.#waiting.length + pictures <= this.#limits.waiting + this.#idle()) return;
    this.#watch.refused();
    const seconds = Math.ceil(
      ((this.#waiting.length + pictures) * this.#seconds) / Math.max(1, this.#pool.workers),
    );
    throw new ServiceError(
      "OVERLOADED",
      {
        where: "queue",
        expected: `room for ${pictures} more`,
        got: `${this.#waiting.length} pictures waiting`,
        note: "try again later",
      },
      { "Retry-After": String(Math.min(60, Math.max(1, seconds))) },
    );
  }

  /**
   * {@link run}, where a picture that cannot be read is a result like any other.
   *
   * @param box of portraits: the place of the one face that counts
   */
  async ask<T extends keyof PictureTasks>(
    picture: Uint8Array,
    task: T,
    signal?: AbortSignal,
    box?: Box<"image">,
  ): Promise<PictureResult<PictureTasks[T]>> {
    if (signal?.aborted) throw aborted();
    this.expectRoom(1);
    const result = await new Promise<PictureResult<unknown>>((settle, fail) => {
      const giveUp = (): void => {
        this.#waiting = this.#waiting.filter((each) => each !== item);
        fail(aborted());
      };
      const item: Waiting = { picture, task, box, since: this.#now(), settle, fail, signal, giveUp };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#waiting.push(item);
      this.#next();
    });
    return result as PictureResult<PictureTasks[T]>;
  }

  #idle(): number {
    return this.#pool.workers - this.#busy;
  }

  #next(): void {
    while (this.#idle() > 0 && this.#waiting.length > 0) {
      const task = this.#waiting[0]!.task;
      const share = Math.ceil(this.#waiting.length / this.#pool.workers);
      const most = Math.min(this.#limits.batch, share);
      const taken: Waiting[] = [];
      while (taken.length < most && this.#waiting[0]?.task === task) taken.push(this.#waiting.shift()!);
      void this.#compute(task, taken);
    }
  }

  async #compute(task: keyof PictureTasks, items: readonly Waiting[]): Promise<void> {
    this.#busy++;
    const begun = this.#now();
    for (const { signal, giveUp, since } of items) {
      signal?.removeEventListener("abort", giveUp);
      this.#watch.waited(begun - since);
    }
    try {
      const results = await this.#pool.recognise(
        items.map(({ picture }) => picture),
        task,
        items.map(({ box }) => box),
      );
      for (const [i, item] of items.entries()) item.settle(results[i]!);
    } catch (error) {
      for (const item of items) item.fail(error);
    } finally {
      const ms = this.#now() - begun;
      this.#watch.computed(ms, items.length);
      this.#seconds += 0.1 * (ms / 1000 / items.length - this.#seconds);
      this.#busy--;
      this.#next();
    }
  }
}

function aborted(): FaceError {
  return new FaceError("ABORTED", {
    where: "service",
    expected: "the client to wait for its answer",
    got: "it gone",
  });
}
