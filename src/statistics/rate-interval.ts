import { FaceError } from "../core/index.ts";
import { betaQuantile } from "./incomplete-beta.ts";

/** A rate with an interval that holds the true one as often as was asked for. */
export interface RateInterval {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** The sureness of an interval unless said otherwise. */
export const CONFIDENCE = 0.95;

/**
 * The exact interval of a binomial rate: never too narrow, whatever the rate and however few the trials, as long as
 * they are independent of each other. Pairs that share people are not: see {@link rateInterval}.
 *
 * @param events in 0…trials
 * @param trials 0 leaves everything open: rate NaN, from 0 to 1
 * Throws    FaceError USAGE for counts that cannot be
 * Source    Clopper and Pearson, "The use of confidence or fiducial limits", Biometrika 26, 1934
 */
export function clopperPearson(events: number, trials: number, confidence = CONFIDENCE): RateInterval {
  if (!(events >= 0 && events <= trials && confidence > 0 && confidence < 1)) {
    throw new FaceError("USAGE", {
      where: "clopperPearson",
      expected: "events in 0…trials and a confidence in 0…1",
      got: `${events} of ${trials} and ${confidence}`,
    });
  }
  if (trials === 0) return { rate: Number.NaN, low: 0, high: 1 };
  const tail = (1 - confidence) / 2;
  return {
    rate: events / trials,
    low: events === 0 ? 0 : betaQuantile(tail, events, trials - events + 1),
    high: events === trials ? 1 : betaQuantile(1 - tail, events + 1, trials - events),
  };
}
