import type { Interval } from "./identified-scores.ts";
import { influenceInterval } from "./influence-interval.ts";
import { CONFIDENCE } from "./rate-interval.ts";

/**
 * The interval of a figure under other draws of people, from what it is without each of them: the jackknife's variance,
 * which is not too small in the mean, and {@link influenceInterval}.
 *
 * @param without the figure with each person left out; all of them finite
 * Returns   [−Infinity, Infinity] for fewer than two people
 * Source    Efron and Stein, "The jackknife estimate of variance", 1981
 */
export function jackknifeInterval(
  figure: number,
  without: readonly number[],
  confidence = CONFIDENCE,
): Interval {
  const n = without.length;
  const mean = without.reduce((sum, value) => sum + value, 0) / n;
  const influences = without.map((value) => mean - value);
  const squares = influences.reduce((sum, value) => sum + value ** 2, 0);
  // Without the bias that a figure of few people has, as far as leaving one out shows it.
  const unbiased = n * figure - (n - 1) * mean;
  return influenceInterval(unbiased, (squares * (n - 1)) / n, influences, n, confidence);
}
