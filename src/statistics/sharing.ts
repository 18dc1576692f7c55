/** Others with whom someone may be in pairs before it counts as many. */
const FEW_PARTNERS = 4;
/** People from whom on the variance of pairs is known well enough without being on the safe side. */
const MANY_PEOPLE = 150;

/**
 * The share of the squared sums over pairs of two people that is taken off the variance of pairs that share people: all where
 * people are in few pairs, as in LFW's list, or are very many.
 *
 * Of few people who are each in many pairs, what is taken off is itself so uncertain that intervals of 95 % held in 90 or
 * fewer of 100 samples. With nothing taken off the variance is that of leaving out one person at a time, which is too
 * large in the mean rather than too small.
 *
 * @param partners with how many others a person is in pairs, in the mean
 * Returns   0…1
 * Source    Efron and Stein, "The jackknife estimate of variance", 1981; the rest by simulation, docs/statistics.md
 */
export function takenOff(people: number, partners: number): number {
  const crowded = Math.max(0, 1 - FEW_PARTNERS / partners);
  return 1 - crowded * Math.min(1, MANY_PEOPLE / people);
}
