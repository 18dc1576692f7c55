import { ServiceError } from "../service-error.ts";

/** Callers whose buckets are kept; those that are full again are dropped first. */
const MOST = 10_000;

/** A token bucket for every caller: so many requests a second on average, two seconds' worth at once. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @param now milliseconds */
  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** Counts a request. Throws ServiceError TOO_MANY_REQUESTS. */
  take(caller: string): void {
    const room = 2 * this.#perSecond;
    const now = this.#now();
    const { tokens, at } = this.#buckets.get(caller) ?? { tokens: room, at: now };
    const filled = Math.min(room, tokens + ((now - at) / 1000) * this.#perSecond);
    // Behind the others: the first of the map is the one that has been quiet longest.
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { tokens: Math.max(0, filled - 1), at: now });
    if (this.#buckets.size > MOST) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (filled >= 1) return;
    const seconds = Math.max(1, Math.ceil((1 - filled) / this.#perSecond));
    throw new ServiceError(
      "TOO_MANY_REQUESTS",
      {
        where: "key",
        expected: `at most ${this.#perSecond} requests a second`,
        got: "more",
        note: "try again later",
      },
      { "Retry-After": String(seconds) },
    );
  }
}
