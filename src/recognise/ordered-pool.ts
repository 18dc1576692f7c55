import { Piscina } from "piscina";
import { threadCount, throwIfAborted } from "../core/index.ts";

/** Items handed to each worker ahead of need: enough to keep it busy, few enough to bound memory. */
const AHEAD = 2;

/** Worker threads that take items side by side and answer in the items' order. */
export class OrderedPool<Item, Answer> {
  readonly #pool: Piscina<Item, Answer>;
  readonly #running = new Set<Promise<Answer>>();
  #closed = false;
  readonly workers: number;

  /**
   * @param filename the module whose exports answer one item
   * @param workers threads, at most one per core
   * @param workerData what every thread is started with
   */
  constructor(filename: string, workers: number, workerData: object) {
    const threads = threadCount(workers);
    this.workers = threads;
    this.#pool = new Piscina<Item, Answer>({
      filename,
      minThreads: threads,
      maxThreads: threads,
      // Inference is synchronous inside a worker; waiting without a spinning loop leaves the cores to it.
      atomics: "disabled",
      workerData: withoutFunctions(workerData),
    });
  }

  /**
   * Every item with its answer, in the items' order.
   *
   * @param task name of the module's export that answers @default "default"
   * Throws    FaceError ABORTED
   */
  async *answers(
    items: Iterable<Item>,
    signal: AbortSignal | undefined,
    task = "default",
  ): AsyncGenerator<{ readonly item: Item; readonly answer: Answer }> {
    const queue: { item: Item; answer: Promise<Answer> }[] = [];
    const waiting = items[Symbol.iterator]();
    const fill = (): void => {
      while (queue.length < this.workers * AHEAD) {
        const next = waiting.next();
        if (next.done) return;
        const answer = this.#pool.run(next.value, { name: task });
        this.#running.add(answer);
        // A rejection is met where the answer is awaited; here it only must not count as unhandled.
        answer.catch(() => undefined).finally(() => this.#running.delete(answer));
        queue.push({ item: next.value, answer });
      }
    };
    for (fill(); queue.length > 0; fill()) {
      throwIfAborted(signal);
      const { item, answer } = queue.shift()!;
      yield { item, answer: await answer };
    }
  }

  /** One item's answer, asked for on its own. @param task name of the module's export that answers */
  async answer(item: Item, task = "default"): Promise<Answer> {
    const answer = this.#pool.run(item, { name: task });
    this.#running.add(answer);
    return await answer.finally(() => this.#running.delete(answer));
  }

  /** Lets what was begun finish, at most two items a worker, and ends the workers; a second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // A thread ended in the middle of native code would take the process with it.
    await Promise.allSettled(this.#running);
    await this.#pool.destroy();
  }
}

/** The options that can be handed to a thread: a caller's options may hold listeners besides what the thread is for. */
function withoutFunctions(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => typeof value !== "function"));
}
