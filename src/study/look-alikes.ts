import { type Random, seeded } from "../core/index.ts";
import { drawPeople, percentiles } from "../statistics/index.ts";
import type { PairScores, ScoredPair } from "./pair-scores.ts";

/** Two different people of whom some faces resemble each other, with the two that do so most. */
export interface LookAlikes {
  readonly people: readonly [string, string];
  /** Faces, in the order of `people`. */
  readonly faces: readonly [number, number];
  readonly cosine: number;
  /** Share of all pairs of different people that score below, 0…1. */
  readonly percentile: number;
  /** 95 % interval of the percentile; null with fewer than three people. */
  readonly percentileInterval: readonly [number, number] | null;
}

/** The pairs of different people with the highest cosines, by falling cosine, at most `count` of them. */
export function findLookAlikes(scores: PairScores, count: number, seed: number): LookAlikes[] {
  const highest = scores.highestImpostorsByPeople(count, 1);
  const places = placesAmongImpostors(
    scores,
    highest.map(({ cosine }) => cosine),
    seeded(seed),
  );
  return highest.map(({ first, second, cosine }, i) => ({
    people: [scores.people[scores.person[first]!]!, scores.people[scores.person[second]!]!],
    faces: [first, second],
    cosine,
    ...places[i]!,
  }));
}

const DRAWS = 200;

/**
 * Where scores lie among those of all pairs of different people.
 *
 * The interval comes from drawing people with replacement, because the pairs of one person are not independent; a
 * pair of two people counts as often as the product of how often both were drawn.
 */
export function placesAmongImpostors(
  scores: PairScores,
  cosines: readonly number[],
  random: Random,
): Pick<LookAlikes, "percentile" | "percentileInterval">[] {
  if (cosines.length === 0) return [];
  const least = Math.min(...cosines);
  // Only pairs at or above the lowest of the scores have to be looked at again for every draw.
  const above: ScoredPair[] = [];
  for (const pair of scores.pairs()) {
    if (pair.cosine >= least && !scores.isGenuine(pair.first, pair.second)) above.push(pair);
  }
  const share = (weights: ArrayLike<number>, cosine: number): number => {
    let notBelow = 0;
    for (const pair of above) {
      if (pair.cosine >= cosine)
        notBelow += weights[scores.person[pair.first]!]! * weights[scores.person[pair.second]!]!;
    }
    return 1 - notBelow / impostorPairs(scores, weights);
  };
  const people = scores.people.length;
  const draws = people < 3 ? [] : drawPeople(people, DRAWS, random);
  const once = new Uint16Array(people).fill(1);
  return cosines.map((cosine) => ({
    percentile: share(once, cosine),
    percentileInterval:
      draws.length === 0
        ? null
        : percentiles(draws.map((weights) => share(weights, cosine)).filter(Number.isFinite)),
  }));
}

/** How many pairs of different people there are when every person counts as often as was drawn. */
function impostorPairs(scores: PairScores, weights: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  scores.facesOf.forEach((faces, person) => {
    const weight = weights[person]! * faces.length;
    sum += weight;
    squares += weight * weight;
  });
  return (sum * sum - squares) / 2;
}
