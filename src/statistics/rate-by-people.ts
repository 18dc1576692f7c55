import { betaQuantile } from "./incomplete-beta.ts";
import type { TalliedRates } from "./pair-tally.ts";
import { probit } from "./probit.ts";
import { CONFIDENCE, clopperPearson, type RateInterval } from "./rate-interval.ts";
import { studentDeviate } from "./student.ts";

/**
 * Events below which their own spread over people says too little about how they come together: then it is also taken from
 * the nearest threshold with so many.
 */
const ENOUGH = 30;

/** The same where there are no other thresholds. */
const ENOUGH_ALONE = 10;

/** The evidence behind a rate over pairs that share people. */
export interface PeopleEvidence {
  readonly rate: number;
  /** Independent pairs that would be as good. */
  readonly worth: number;
  /** By how much sharing people multiplies the variance; at least 1. */
  readonly inflation: number;
  /** People it rests on, as of equal weight. */
  readonly people: number;
}

/**
 * A rate with its interval: Clopper and Pearson's for as many independent pairs as the pairs are worth.
 *
 * They are worth n = p(1 − p)/V, with the variance V over draws of people, and a little less because V is itself estimated,
 * from a number of people: by the square of Student's t over the normal deviate.
 *
 * Source    Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts
 *           estimated from survey data", Survey Methodology 24, 1998
 */
export function rateInterval(
  { rate, worth, inflation, people }: PeopleEvidence,
  confidence = CONFIDENCE,
): RateInterval {
  if (!(worth > 0) || Number.isNaN(rate)) return { rate, low: 0, high: 1 };
  const degrees = people - 1;
  const n = (worth / inflation) * degreesShare(degrees, confidence);
  // Of one person nothing is known about another.
  if (!(degrees > 0 && n > 0)) return { rate, low: 0, high: 1 };
  const events = rate * n;
  const tail = (1 - confidence) / 2;
  return {
    rate,
    low: rate <= 0 ? 0 : betaQuantile(tail, events, n - events + 1),
    high: rate >= 1 ? 1 : betaQuantile(1 - tail, events + 1, n - events),
  };
}

/** The share of the pairs of a tally that score at least one of its thresholds. */
export function acceptedShare(rates: TalliedRates, at: number, confidence = CONFIDENCE): RateInterval {
  return rateInterval(evidenceAt(rates, at), confidence);
}

/** The share that scores below. */
export function rejectedShare(rates: TalliedRates, at: number, confidence = CONFIDENCE): RateInterval {
  const { rate, low, high } = acceptedShare(rates, at, confidence);
  return { rate: 1 - rate, low: 1 - high, high: 1 - low };
}

/** The share that scores at least one threshold and below a higher one. Sharing people is taken to weigh as at the lower. */
export function differenceShare(
  rates: TalliedRates,
  from: number,
  to: number,
  confidence = CONFIDENCE,
): RateInterval {
  const lower = evidenceAt(rates, from);
  return rateInterval({ ...lower, rate: Math.max(0, lower.rate - rates.share[to]!) }, confidence);
}

/**
 * A rate whose trials are of one person each: a search with a face, a pair of one person.
 *
 * Where there are few events, trials of one person are taken to come out alike: as many trials as people.
 *
 * @param events of each person
 * @param trials of each person
 */
export function rateOfPeople(
  events: ArrayLike<number>,
  trials: ArrayLike<number>,
  confidence = CONFIDENCE,
): RateInterval {
  let [all, squares, hits] = [0, 0, 0];
  for (let i = 0; i < trials.length; i++) {
    all += trials[i]!;
    squares += trials[i]! ** 2;
    hits += events[i]!;
  }
  if (all === 0) return clopperPearson(0, 0, confidence);
  const rate = hits / all;
  const people = all ** 2 / squares;
  let spread = 0;
  for (let i = 0; i < trials.length; i++) {
    if (trials[i] !== 0) spread += ((events[i]! - rate * trials[i]!) / (1 - trials[i]! / all)) ** 2;
  }
  const binomial = rate * (1 - rate) * all;
  const few = Math.min(hits, all - hits) < ENOUGH_ALONE;
  const inflation = Math.max(1, few ? all / people : 1, binomial > 0 ? spread / binomial : 1);
  return rateInterval({ rate, worth: all, inflation, people }, confidence);
}

function evidenceAt(rates: TalliedRates, at: number): PeopleEvidence {
  const { share, accepted, pairs, worth, people } = rates;
  const events = (t: number): number => Math.min(accepted[t]!, pairs - accepted[t]!);
  let inflation = Math.max(1, inflationAt(rates, at));
  if (events(at) < ENOUGH) {
    const step = 2 * accepted[at]! < pairs ? -1 : 1;
    let t = at;
    while (t + step >= 0 && t + step < share.length && events(t) < ENOUGH) t += step;
    inflation = Math.max(inflation, inflationAt(rates, t));
  }
  return { rate: share[at]!, worth, inflation, people };
}

function inflationAt({ share, variance, worth }: TalliedRates, at: number): number {
  const binomial = (share[at]! * (1 - share[at]!)) / worth;
  return binomial > 0 ? variance[at]! / binomial : 1;
}

/** The square of the normal deviate over Student's t: 1 for very many degrees of freedom, 0 for none. */
function degreesShare(degrees: number, confidence: number): number {
  return (probit((1 + confidence) / 2) / studentDeviate(degrees, confidence)) ** 2;
}
