import type { Interval } from "./identified-scores.ts";
import { influenceInterval } from "./influence-interval.ts";
import { CONFIDENCE } from "./rate-interval.ts";
import { takenOff } from "./sharing.ts";

/** A value that belongs to one person (`a` and `b` equal) or to two. */
export interface PeoplesValue {
  readonly value: number;
  readonly a: number;
  readonly b: number;
}

/** A mean with its 95 % interval under other draws of people; null where they are too few to say. */
export interface MeanInterval {
  readonly mean: number;
  readonly interval: Interval | null;
}

/**
 * The mean of values some of which share people, with the variance that {@link PairTally} has for rates and
 * {@link influenceInterval} for as many people as they are worth.
 *
 * @param values one or more
 */
export function meanByPeople(values: readonly PeoplesValue[], confidence = CONFIDENCE): MeanInterval {
  const mean = values.reduce((sum, { value }) => sum + value, 0) / values.length;
  const own = new Map<number, { share: number; moved: number }>();
  const two = new Map<string, { share: number; moved: number }>();
  const put = <K>(into: Map<K, { share: number; moved: number }>, key: K, value: number): void => {
    const { share, moved } = into.get(key) ?? { share: 0, moved: 0 };
    into.set(key, { share: share + 1 / values.length, moved: moved + (value - mean) / values.length });
  };
  for (const { value, a, b } of values) {
    put(own, a, value);
    if (a === b) continue;
    put(own, b, value);
    put(two, `${Math.min(a, b)} ${Math.max(a, b)}`, value);
  }
  // One person's shares need not add up to 1 to the last bit.
  if (own.size < 2) return { mean, interval: null };
  const sum = (
    of: Iterable<{ share: number; moved: number }>,
    term: (each: { share: number; moved: number }) => number,
  ) => [...of].reduce((all, each) => all + term(each), 0);
  const shares = sum(own.values(), ({ share }) => share);
  const shareSquares = sum(own.values(), ({ share }) => share ** 2);
  const people = shares / shareSquares;
  const partners = shareSquares / (2 * sum(two.values(), ({ share }) => share ** 2));
  const influences = [...own.values()].map(({ share, moved }) => moved / (1 - share));
  const squares = influences.reduce((all, each) => all + each ** 2, 0);
  const shared = sum(two.values(), ({ moved }) => moved ** 2);
  const variance = squares - takenOff(own.size, partners) * shared;
  const interval = influenceInterval(mean, variance, influences, people, confidence);
  return { mean, interval: interval.every(Number.isFinite) ? interval : null };
}
