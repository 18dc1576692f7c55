import { seeded } from "../core/index.ts";
import { probit } from "./probit.ts";
import { CONFIDENCE, type RateInterval } from "./rate-interval.ts";

/** The error rate of one group; its people are in no other. */
export interface GroupRate {
  readonly group: string;
  readonly rate: RateInterval;
}

/**
 * The factor by which the worst group is worse than groups are in the middle.
 *
 * `no-errors`: a group without an error has no place in a geometric mean, so that there is no ratio.
 */
export type Differential =
  | {
      readonly kind: "measured";
      readonly groups: number;
      /** The group of the highest rate. */
      readonly worst: string;
      readonly geometricMean: number;
      /** The highest rate over the geometric mean of all groups' rates; 1 where all are alike. */
      readonly ratio: number;
      /** Of that group's ratio under other draws of people; null where a group has too few errors for an upper end. */
      readonly interval: readonly [number, number | null];
      /**
       * The ratio that groups of these sizes would stay below in 95 of 100 draws of people, were they all alike: the worst of
       * several is above their mean by chance too. Null where a group has too few errors to say.
       */
      readonly byChance: number | null;
    }
  | { readonly kind: "no-errors"; readonly groups: number; readonly without: readonly string[] }
  | { readonly kind: "too-few-groups"; readonly groups: number };

const DRAWS = 2000;

/**
 * The ratio of the worst group's error rate to the geometric mean over the groups.
 *
 * Its interval combines the uncertainties of the logarithms of the groups' rates, which share nobody, by their squares (Zou and
 * Donner, 2008); it takes the group that is worst here as given.
 *
 * Formula   max rᵢ / (Π rᵢ)^(1/G)
 * Source    ISO/IEC 19795-10:2024, quantifying differences of biometric performance across demographic groups
 */
export function differential(rates: readonly GroupRate[]): Differential {
  const known = rates.filter(({ rate }) => Number.isFinite(rate.rate));
  if (known.length < 2) return { kind: "too-few-groups", groups: known.length };
  const without = known.filter(({ rate }) => rate.rate === 0).map(({ group }) => group);
  const count = known.length;
  if (without.length > 0) return { kind: "no-errors", groups: count, without };
  const worst = known.reduce((most, each) => (each.rate.rate > most.rate.rate ? each : most));
  const meanLog = known.reduce((sum, { rate }) => sum + Math.log(rate.rate), 0) / count;
  let [below, above] = [0, 0];
  for (const each of known) {
    const { rate, low, high } = each.rate;
    const [down, up] = [Math.log(rate / low), Math.log(high / rate)];
    const own = each === worst;
    const weight = own ? 1 - 1 / count : 1 / count;
    below += (weight * (own ? down : up)) ** 2;
    above += (weight * (own ? up : down)) ** 2;
  }
  const log = Math.log(worst.rate.rate) - meanLog;
  const upper = Math.exp(log + Math.sqrt(above));
  return {
    kind: "measured",
    groups: count,
    worst: worst.group,
    geometricMean: Math.exp(meanLog),
    ratio: Math.exp(log),
    interval: [Math.exp(log - Math.sqrt(below)), Number.isFinite(upper) ? upper : null],
    byChance: ratioByChance(known.map(({ rate }) => logDeviation(rate))),
  };
}

/** Standard deviation of a rate's logarithm, from its interval. */
function logDeviation({ low, high }: RateInterval): number {
  return (Math.log(high) - Math.log(low)) / (2 * probit((1 + CONFIDENCE) / 2));
}

function ratioByChance(deviations: readonly number[]): number | null {
  if (!deviations.every(Number.isFinite)) return null;
  const random = seeded(19795);
  const ratios = Float64Array.from({ length: DRAWS }, () => {
    const logs = deviations.map((deviation) => deviation * probit(Math.max(random.next(), 2 ** -33)));
    return Math.max(...logs) - logs.reduce((sum, each) => sum + each, 0) / logs.length;
  }).sort();
  return Math.exp(ratios[Math.floor(CONFIDENCE * DRAWS)]!);
}
