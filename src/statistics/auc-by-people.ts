import { areaUnderCurve } from "./curves.ts";
import type { IdentifiedScores, Interval } from "./identified-scores.ts";
import { degreesOf, skewShift } from "./influence-interval.ts";
import { type OperatingPoints, operatingPoints } from "./operating-points.ts";
import { rateInterval } from "./rate-by-people.ts";
import { CONFIDENCE } from "./rate-interval.ts";
import { takenOff } from "./sharing.ts";
import { studentDeviate } from "./student.ts";
import { eachTwoPeople, falseMatchRate, falseNonMatchRate, tallyScores } from "./tally-scores.ts";

/**
 * The interval of the area under the ROC curve under other draws of people.
 *
 * Each pair moves the area by how far its placement (the share of the other kind that it is rightly ordered with) is from
 * the mean; a person by the sum over the person's pairs. The variance counts pairs that share people as
 * {@link PairTally} does. Where no pair is out of order nothing can be learnt from the spread: the area is then at least 1
 * less the highest rates of both errors at a threshold between the kinds.
 *
 * Source    placements: DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988
 */
export function areaInterval(
  pairs: IdentifiedScores,
  points: OperatingPoints = operatingPoints(pairs),
): Interval {
  const area = areaUnderCurve(points);
  const between = separating(points);
  if (between !== undefined) {
    const tallied = tallyScores(pairs, [between]);
    const errors = falseMatchRate(tallied, between).high + falseNonMatchRate(tallied, between).high;
    return [Math.max(0, 1 - errors), 1];
  }
  const placement = placementsOf(points);
  // Of each person, by kind of pairs: weight of pairs, and the sum of their influences.
  const kinds = [0, 1].map((kind) => ({
    count: kind === 1 ? points.genuinePairs : points.impostorPairs,
    share: new Float64Array(pairs.people),
    sum: new Float64Array(pairs.people),
  }));
  let shared = 0;
  let sharedWeight = 0;
  eachTwoPeople(pairs, (a, b, scores) => {
    const { count, share, sum } = kinds[a === b ? 1 : 0]!;
    let own = 0;
    for (const score of scores) own += (placement(score, a === b) - area) / count;
    for (const person of a === b ? [a] : [a, b]) {
      share[person]! += scores.length / count;
      sum[person]! += own;
    }
    if (a === b) return;
    shared += own * own;
    sharedWeight += (scores.length / count) ** 2;
  });
  const impostors = kinds[0]!.share.filter((share) => share > 0);
  const partners = impostors.reduce((sum, share) => sum + share ** 2, 0) / (2 * sharedWeight);
  let variance = -takenOff(impostors.length, partners) * shared;
  const influences = Float64Array.from({ length: pairs.people }, (_, i) =>
    kinds.reduce((all, { share, sum }) => all + (share[i] === 0 ? 0 : sum[i]! / (1 - share[i]!)), 0),
  );
  for (const moved of influences) variance += moved * moved;
  const people = Math.min(
    ...kinds.map(({ share }) => share.reduce((a, x) => a + x, 0) ** 2 / share.reduce((a, x) => a + x * x, 0)),
  );
  // Placements of independent pairs that say nothing are even, of a third of the variance of right or wrong; no pairs are
  // worth more than that. Where few are out of order, their spread alone would say so.
  const most = 3 * Math.min(points.genuinePairs, points.impostorPairs);
  const worth = variance > 0 ? Math.min((area * (1 - area)) / variance, most) : most;
  const degrees = degreesOf(influences, people);
  const { low, high } = rateInterval({ rate: area, worth, inflation: 1, people: 1 + degrees });
  const t = studentDeviate(degrees, CONFIDENCE);
  if (!Number.isFinite(t)) return [0, 1];
  const shift = skewShift(influences, t);
  const deviation = Math.sqrt((area * (1 - area)) / worth);
  return [Math.max(0, low - deviation * shift.low), Math.min(1, high + deviation * shift.high)];
}

/** A threshold that no impostor pair reaches and every genuine pair does. */
function separating({ threshold, genuine, impostor, genuinePairs }: OperatingPoints): number | undefined {
  const last = genuine.indexOf(genuinePairs);
  return impostor[last] === 0 ? threshold[last] : undefined;
}

/** The share of the other kind that a score of one kind is rightly ordered with, ties counting half. */
function placementsOf(points: OperatingPoints): (score: number, genuine: boolean) => number {
  const { threshold, genuine, impostor, genuinePairs, impostorPairs } = points;
  return (score, isGenuine) => {
    let low = 0;
    let high = threshold.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (threshold[middle]! > score) low = middle + 1;
      else high = middle;
    }
    const [counts, all] = isGenuine ? [impostor, impostorPairs] : [genuine, genuinePairs];
    const above = low === 0 ? 0 : counts[low - 1]!;
    const middle = (above + counts[low]!) / 2;
    return isGenuine ? 1 - middle / all : middle / all;
  };
}
