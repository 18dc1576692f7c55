import type { FoldAccuracy } from "./fold-accuracy.ts";
import type { IdentifiedScores, Interval } from "./identified-scores.ts";
import { PairTally } from "./pair-tally.ts";
import { acceptedShare } from "./rate-by-people.ts";
import { eachTwoPeople } from "./tally-scores.ts";

/** A distance from the threshold that is none. */
const NONE = 1e-12;
/** Wrong decisions that say enough of how they come together; where there are fewer, nearly wrong ones are looked at. */
const RANK = 30;

/**
 * The interval of the share of rightly decided pairs under other draws of people.
 *
 * @param fold of each pair, as the accuracy was measured with
 */
export function accuracyInterval(
  pairs: IdentifiedScores,
  fold: Uint16Array,
  { right, folds }: Pick<FoldAccuracy, "right" | "folds">,
): Interval {
  // The distance at which a pair lies on the right side of its threshold.
  const margins = pairs.scores.map((score, i) => {
    const margin = (score - folds[fold[i]!]!.threshold) * (pairs.same[i] ? 1 : -1);
    return right[i] ? Math.max(margin, NONE) : Math.min(margin, -NONE);
  });
  const sorted = margins.slice().sort();
  const rising = Float64Array.from(new Set([0, sorted[RANK] ?? 0, sorted[sorted.length >> 1]!])).sort();
  const tally = new PairTally(rising, pairs.people);
  eachTwoPeople({ ...pairs, scores: margins }, (a, b, own) => tally.add(a, b, own));
  const { low, high } = acceptedShare(tally.rates(), rising.indexOf(0));
  return [low, high];
}
