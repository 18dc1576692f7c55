import { acceptedShare, PairTally } from "../statistics/index.ts";
import type { PairScores } from "./pair-scores.ts";

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
export function findLookAlikes(scores: PairScores, count: number): LookAlikes[] {
  const highest = scores.highestImpostorsByPeople(count, 1);
  const places = placesAmongImpostors(
    scores,
    highest.map(({ cosine }) => cosine),
  );
  return highest.map(({ first, second, cosine }, i) => ({
    people: [scores.people[scores.person[first]!]!, scores.people[scores.person[second]!]!],
    faces: [first, second],
    cosine,
    ...places[i]!,
  }));
}

/** Pairs down to which scores are counted: how rare events come together is learnt from so many. */
const RANK = 30;

/**
 * Where scores lie among those of all pairs of different people, with the interval under other draws of people: pairs that
 * share a person are not independent.
 */
export function placesAmongImpostors(
  scores: PairScores,
  cosines: readonly number[],
): Pick<LookAlikes, "percentile" | "percentileInterval">[] {
  if (cosines.length === 0) return [];
  const people = scores.people.length;
  const least = scores.highestImpostors(RANK).at(-1)?.cosine ?? 1;
  const rising = Float64Array.from(new Set([...cosines, least])).sort();
  const tally = new PairTally(rising, people);
  for (let a = 0; a < people; a++) {
    for (let b = a + 1; b < people; b++) {
      const own = scores.facesOf[a]!.flatMap((face) =>
        scores.facesOf[b]!.map((other) => scores.of(face, other)),
      );
      tally.add(a, b, Float64Array.from(own));
    }
  }
  const rates = tally.rates();
  return cosines.map((cosine) => {
    const { rate, low, high } = acceptedShare(rates, rising.indexOf(cosine));
    return { percentile: 1 - rate, percentileInterval: people < 3 ? null : [1 - high, 1 - low] };
  });
}
