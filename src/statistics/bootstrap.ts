import { FaceError, type Random } from "../core/index.ts";
import { expectScores, type LabelledScores, type OperatingPoints } from "./operating-points.ts";
import { CONFIDENCE } from "./rate-interval.ts";
import { drawPeople } from "./separation.ts";

/** Scored pairs with the people in them. */
export interface IdentifiedScores extends LabelledScores {
  /** Number of the person on each side, 0…people−1; [pairs]. The two are equal for a genuine pair. */
  readonly a: Uint32Array;
  readonly b: Uint32Array;
  readonly people: number;
}

/** An interval of a figure. */
export type Interval = readonly [low: number, high: number];

/** How figures are resampled. */
export interface BootstrapOptions {
  readonly random: Random;
  /** @default 200 */
  readonly resamples?: number;
  /** @default 0.95 */
  readonly confidence?: number;
}

/** Resamples unless said otherwise: enough for the ends of a 95 % interval to a tenth of its width. */
export const RESAMPLES = 200;

/**
 * Intervals of figures under other draws of people: people are drawn with replacement and take their pairs with them,
 * because pairs that share a person are not independent.
 *
 * A genuine pair counts as often as its person was drawn, an impostor pair as often as the product of its two
 * people's. Costs O(pairs) a resample.
 *
 * @param figures what is computed of each resample; a figure that is NaN in one is left out there
 * Returns   a percentile interval for each figure, [NaN, NaN] for one that no resample has
 * Source    Poh and Bengio, 2007; see {@link drawPeople}
 */
export function bootstrapByIdentity(
  pairs: IdentifiedScores,
  figures: (points: OperatingPoints) => readonly number[],
  options: BootstrapOptions,
): Interval[] {
  const { resamples = RESAMPLES, confidence = CONFIDENCE, random } = options;
  const ranked = rank(pairs);
  const values: number[][] = [];
  for (const weights of drawPeople(pairs.people, resamples, random)) {
    const points = weighted(ranked, weights);
    if (points.genuinePairs === 0 || points.impostorPairs === 0) continue;
    for (const [i, value] of figures(points).entries()) {
      values[i] ??= [];
      if (!Number.isNaN(value)) values[i].push(value);
    }
  }
  return values.map((own) => percentiles(own, confidence));
}

/**
 * The interval of a mean over pairs, the share of rightly decided ones for example, under other draws of people.
 *
 * @param values one a pair
 */
export function bootstrapMean(
  values: ArrayLike<number>,
  { a, b, people }: Pick<IdentifiedScores, "a" | "b" | "people">,
  options: BootstrapOptions,
): Interval {
  const { resamples = RESAMPLES, confidence = CONFIDENCE, random } = options;
  const means: number[] = [];
  for (const weights of drawPeople(people, resamples, random)) {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < values.length; i++) {
      const weight = a[i] === b[i] ? weights[a[i]!]! : weights[a[i]!]! * weights[b[i]!]!;
      sum += weight * values[i]!;
      count += weight;
    }
    if (count > 0) means.push(sum / count);
  }
  return percentiles(means, confidence);
}

/** The middle share of values, by linear interpolation; [NaN, NaN] of none. */
export function percentiles(values: readonly number[], confidence = CONFIDENCE): Interval {
  if (values.length === 0) return [Number.NaN, Number.NaN];
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const low = Math.floor(place);
    const next = sorted[low + 1] ?? sorted[low]!;
    // Infinite thresholds are values too, and their difference is none.
    return sorted[low]! === next ? next : sorted[low]! + (place - low) * (next - sorted[low]!);
  };
  return [at((1 - confidence) / 2), at((1 + confidence) / 2)];
}

interface Ranked {
  readonly threshold: Float64Array;
  /** Where the pairs of each threshold end. */
  readonly end: Uint32Array;
  readonly a: Uint32Array;
  readonly b: Uint32Array;
}

/** Pairs by falling score. */
function rank({ scores, same, a, b, people }: IdentifiedScores): Ranked {
  expectScores({ scores, same });
  const order = new Uint32Array(scores.length).map((_, i) => i).sort((x, y) => scores[y]! - scores[x]!);
  const threshold: number[] = [];
  const end: number[] = [];
  order.forEach((pair, place) => {
    if (a[pair]! >= people || b[pair]! >= people || (same[pair] === 1) !== (a[pair] === b[pair])) {
      throw new FaceError(
        "USAGE",
        `bootstrap: expected people below ${people}, one person in a genuine and two in an impostor pair, got ${a[pair]} and ${b[pair]} in pair ${pair}`,
      );
    }
    if (scores[pair] === threshold[threshold.length - 1]) end[end.length - 1] = place + 1;
    else {
      threshold.push(scores[pair]!);
      end.push(place + 1);
    }
  });
  return {
    threshold: Float64Array.from(threshold),
    end: Uint32Array.from(end),
    a: order.map((pair) => a[pair]!),
    b: order.map((pair) => b[pair]!),
  };
}

/** The operating points of one draw: every pair counts as often as its people were drawn. */
function weighted({ threshold, end, a, b }: Ranked, weights: Uint16Array): OperatingPoints {
  const genuine = new Float64Array(threshold.length);
  const impostor = new Float64Array(threshold.length);
  let g = 0;
  let n = 0;
  for (let p = 0, i = 0; p < threshold.length; p++) {
    for (; i < end[p]!; i++) {
      const weight = weights[a[i]!]!;
      if (a[i] === b[i]) g += weight;
      else n += weight * weights[b[i]!]!;
    }
    genuine[p] = g;
    impostor[p] = n;
  }
  return { threshold, genuine, impostor, genuinePairs: g, impostorPairs: n };
}
