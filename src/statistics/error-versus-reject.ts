import { FaceError } from "../core/index.ts";
import { rateOfPeople } from "./rate-by-people.ts";
import type { RateInterval } from "./rate-interval.ts";

/** The error that is left after the worst pictures were set aside. */
export interface RejectPoint {
  /** Share of the genuine pairs set aside; 0 for none. */
  readonly rejected: number;
  /** Pairs of lower quality than this were set aside. */
  readonly minQuality: number;
  /** False non-match rate of the rest, with its interval by person. */
  readonly fnmr: RateInterval;
}

/**
 * The false non-match rate at one threshold while pairs of rising quality are set aside. A curve that does not fall
 * says that the quality has nothing to do with recognition.
 *
 * @param scores of genuine pairs
 * @param quality of each pair: the lower of its two faces'; a detection score or the length of a feature
 * @param person of each pair, numbered from 0
 * @param threshold stays the same throughout; chosen on all pairs
 * @param steps points of the curve @default 20; pairs of one quality are set aside together
 * Throws    FaceError SHAPE, USAGE for a quality that is not a number
 * Source    Grother and Tabassi, "Performance of biometric quality measures", 2007
 */
export function errorVersusReject(
  scores: Float64Array,
  quality: Float64Array,
  person: ArrayLike<number>,
  threshold: number,
  steps = 20,
): RejectPoint[] {
  if (scores.length !== quality.length || scores.length !== person.length) {
    throw new FaceError("SHAPE", {
      where: "reject",
      expected: "a quality and a person a score",
      got: `${quality.length} and ${person.length} for ${scores.length}`,
    });
  }
  let people = 0;
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(quality[i]))
      throw new FaceError("USAGE", { where: "reject", expected: "a quality", got: `NaN for pair ${i}` });
    people = Math.max(people, person[i]! + 1);
  }
  const ranks = Array.from({ length: steps }, (_, step) => Math.floor((step / steps) * quality.length));
  const floors = valuesAtRanks(quality, quality.length === 0 ? [] : ranks).filter(
    ({ value }, i, all) => value !== all[i - 1]?.value,
  );
  // Pairs of each person by the last point that keeps them: what a point keeps is a sum from the end.
  const missed = floors.map(() => new Float64Array(people));
  const kept = floors.map(() => new Float64Array(people));
  for (let i = 0; i < scores.length; i++) {
    let last = floors.length - 1;
    while (floors[last]!.value > quality[i]!) last--;
    kept[last]![person[i]!]!++;
    if (scores[i]! < threshold) missed[last]![person[i]!]!++;
  }
  for (let point = floors.length - 2; point >= 0; point--) {
    for (let i = 0; i < people; i++) {
      missed[point]![i]! += missed[point + 1]![i]!;
      kept[point]![i]! += kept[point + 1]![i]!;
    }
  }
  return floors.map(({ value, below }, point) => ({
    rejected: below / quality.length,
    minQuality: value,
    fnmr: rateOfPeople(missed[point]!, kept[point]!),
  }));
}

/** Intervals that the values' range is divided into before any are sorted. */
const BINS = 1 << 16;

/**
 * The values that a sorted list would have at some places, and how many are below each. Counts them by interval and
 * sorts only the intervals wanted: of ten million values a few thousand, without a copy of the list.
 *
 * @param ranks rising, within the list
 */
function valuesAtRanks(
  values: Float64Array,
  ranks: readonly number[],
): { readonly value: number; readonly below: number }[] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const scale = (BINS - 1) / (most - least);
  // One interval holds all where there is no range to divide: equal values, or an infinite one.
  const dividable = most - least < Number.POSITIVE_INFINITY && scale < Number.POSITIVE_INFINITY;
  const binOf = (value: number): number => (dividable ? Math.floor((value - least) * scale) : 0);
  const counts = new Uint32Array(BINS);
  for (const value of values) counts[binOf(value)]!++;

  // The interval of each rank, and of those intervals what lies before and in them.
  const wanted = new Map<number, { readonly before: number; readonly own: Float64Array; filled: number }>();
  let bin = 0;
  let before = 0;
  const bins = ranks.map((rank) => {
    while (before + counts[bin]! <= rank) before += counts[bin++]!;
    if (!wanted.has(bin)) wanted.set(bin, { before, own: new Float64Array(counts[bin]!), filled: 0 });
    return wanted.get(bin)!;
  });
  // Not the map for each of ten million values.
  const isWanted = new Uint8Array(BINS);
  for (const own of wanted.keys()) isWanted[own] = 1;
  for (const value of values) {
    const own = binOf(value);
    if (isWanted[own] === 0) continue;
    const interval = wanted.get(own)!;
    interval.own[interval.filled++] = value;
  }
  for (const { own } of wanted.values()) own.sort();
  return ranks.map((rank, i) => {
    const interval = bins[i]!;
    const value = interval.own[rank - interval.before]!;
    return { value, below: interval.before + countBelow(interval.own, value) };
  });
}

function countBelow(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
