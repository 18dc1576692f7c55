import type { Interval } from "./identified-scores.ts";
import { CONFIDENCE } from "./rate-interval.ts";
import { studentDeviate } from "./student.ts";

/**
 * Of how many degrees of freedom a variance is that was learnt from what each person moves a figure by: fewer than people,
 * where a few of them move it most.
 *
 * Formula   2n/(κ − 1), at most n − 1, with the kurtosis κ of the influences
 * Source    Satterthwaite, "An approximate distribution of estimates of variance components", 1946
 */
export function degreesOf(influences: ArrayLike<number>, people: number): number {
  const { kurtosis } = shapeOf(influences);
  return Math.min(people - 1, (2 * people) / Math.max(1e-9, kurtosis - 1));
}

/**
 * The distance by which an interval's ends have to lie further out than Student's t, in deviations: on the side to which single people move
 * the figure far. Such people are missing from most samples, and there the figure is off to the other side.
 *
 * Source    Johnson, "Modified t tests and confidence intervals for asymmetrical populations", 1978; ends are only moved
 *           outwards, and by half of t at most, because of very few people the series behind it does not converge
 */
export function skewShift(
  influences: ArrayLike<number>,
  t: number,
): { readonly low: number; readonly high: number } {
  const shift = (shapeOf(influences).skewness * (2 * t * t + 1)) / 6;
  return { low: Math.min(t / 2, Math.max(0, -shift)), high: Math.min(t / 2, Math.max(0, shift)) };
}

/**
 * A figure's interval from its variance and from what each person moves it by: Student's t, with {@link skewShift}.
 *
 * @param people as many as they are worth
 * Returns   [−Infinity, Infinity] for fewer than two people
 */
export function influenceInterval(
  figure: number,
  variance: number,
  influences: ArrayLike<number>,
  people: number,
  confidence = CONFIDENCE,
): Interval {
  const t = studentDeviate(degreesOf(influences, people), confidence);
  if (!Number.isFinite(t)) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const deviation = Math.sqrt(Math.max(0, variance));
  const { low, high } = skewShift(influences, t);
  return [figure - deviation * (t + low), figure + deviation * (t + high)];
}

/** The kurtosis of influences, and the skewness of their sum; they are about 0. */
function shapeOf(influences: ArrayLike<number>): { readonly kurtosis: number; readonly skewness: number } {
  let [squares, cubes, fourths, present] = [0, 0, 0, 0];
  for (let i = 0; i < influences.length; i++) {
    const each = influences[i]!;
    if (each !== 0) present++;
    squares += each ** 2;
    cubes += each ** 3;
    fourths += each ** 4;
  }
  if (squares === 0) return { kurtosis: 3, skewness: 0 };
  return { kurtosis: (Math.max(present, 2) * fourths) / squares ** 2, skewness: cubes / squares ** 1.5 };
}
