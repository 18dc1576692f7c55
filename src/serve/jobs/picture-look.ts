import { setTimeout } from "node:timers/promises";
import { FaceError, throwIfAborted } from "../../core/index.ts";
import type { PictureResult, PictureTasks } from "../../recognise/index.ts";
import { ServiceError } from "../service-error.ts";

/** A queue in front of workers. */
export interface PictureQueue {
  /** A picture's faces, or why there are none to be had. Throws ServiceError OVERLOADED when it is full; FaceError ABORTED. */
  ask<T extends keyof PictureTasks>(
    picture: Uint8Array,
    task: T,
    signal?: AbortSignal,
  ): Promise<PictureResult<PictureTasks[T]>>;
}

/** The time after which a full queue is asked again, in milliseconds. */
const FULL_MS = 100;

/**
 * The pictures of long work on their way to the workers: a few at a time, so that they never fill the queue, and whoever waits
 * for an answer waits for no more than those few.
 */
export class PictureLook {
  readonly #queue: PictureQueue;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param abreast pictures that are read and looked at side by side */
  constructor(queue: PictureQueue, abreast: number) {
    this.#queue = queue;
    this.#free = abreast;
  }

  /** A picture's faces, or why there are none to be had. It is read when its turn comes. Throws FaceError ABORTED. */
  async at<T extends keyof PictureTasks>(
    read: () => Promise<Uint8Array>,
    task: T,
    signal: AbortSignal,
  ): Promise<PictureResult<PictureTasks[T]>> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((settle) => this.#waiting.push(settle));
    try {
      throwIfAborted(signal);
      return await this.#ask(await read(), task, signal);
    } catch (error) {
      if (error instanceof FaceError && error.code !== "ABORTED" && error.code !== "CLOSED")
        return { kind: "failed", error };
      throw error;
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  async #ask<T extends keyof PictureTasks>(
    bytes: Uint8Array,
    task: T,
    signal: AbortSignal,
  ): Promise<PictureResult<PictureTasks[T]>> {
    for (;;) {
      try {
        return await this.#queue.ask(bytes, task, signal);
      } catch (error) {
        if (!(error instanceof ServiceError) || error.code !== "OVERLOADED") throw error;
      }
      await setTimeout(FULL_MS);
      throwIfAborted(signal);
    }
  }
}
