import { FaceError, type ReadonlyFloat32 } from "../core/index.ts";
import { areaUnderCurve } from "./curves.ts";
import { scoreSpread } from "./d-prime.ts";
import type { OperatingPoints } from "./operating-points.ts";

/** The distance of scores of one person's pairs from those of different people's. */
export interface Separation {
  /** Chance that a genuine pair scores above an impostor pair, ties counting half; 0.5 is guessing. */
  readonly auc: number;
  /** Difference of the means over the root of the mean variance. */
  readonly dPrime: number;
}

/** A set of scored faces: what person each face shows, and all pairs of faces. */
export interface ScoredPairs {
  readonly people: number;
  /** Person of each face, 0…people−1. */
  readonly person: readonly number[];
  /** Shapes [faces, dimension]; of length 1. */
  readonly vectors: readonly ReadonlyFloat32[];
}

/** The separation of all pairs. */
export function separation(pairs: ScoredPairs): Separation {
  return separationOf(rank(pairs));
}

/** The separation of all pairs, and of those without each person in turn, from which {@link jackknifeInterval} makes intervals. */
export interface Separations {
  readonly all: Separation;
  /** One a person. */
  readonly without: readonly Separation[];
}

/**
 * The separation of all pairs, and of all pairs without one person: whole people are left out because the pairs of one
 * person are not independent of each other.
 *
 * Throws    FaceError USAGE for fewer than three people: without one of two there is no pair of two people
 */
export function separations(pairs: ScoredPairs): Separations {
  const { people } = pairs;
  if (people < 3)
    throw new FaceError("USAGE", { where: "separation", expected: "at least 3 people", got: people });
  const ranked = rank(pairs);
  return {
    all: separationOf(ranked),
    without: Array.from({ length: people }, (_, person) => separationOf(ranked, person)),
  };
}

/** Pairs by falling score: the two people of each, which are one person for a genuine pair. */
interface RankedPairs {
  readonly scores: Float64Array;
  readonly first: Uint16Array;
  readonly second: Uint16Array;
}

function rank({ person, vectors }: ScoredPairs): RankedPairs {
  const pairs: { score: number; a: number; b: number }[] = [];
  for (let i = 0; i < vectors.length; i++) {
    for (let j = i + 1; j < vectors.length; j++) {
      pairs.push({ score: dot(vectors[i]!, vectors[j]!), a: person[i]!, b: person[j]! });
    }
  }
  pairs.sort((x, y) => y.score - x.score);
  return {
    scores: Float64Array.from(pairs, (pair) => pair.score),
    first: Uint16Array.from(pairs, (pair) => pair.a),
    second: Uint16Array.from(pairs, (pair) => pair.b),
  };
}

function separationOf(ranked: RankedPairs, leftOut?: number): Separation {
  const points = pointsWithout(ranked, leftOut);
  return { auc: areaUnderCurve(points), dPrime: scoreSpread(points).dPrime };
}

function pointsWithout({ scores, first, second }: RankedPairs, leftOut?: number): OperatingPoints {
  const threshold: number[] = [];
  const genuine: number[] = [];
  const impostor: number[] = [];
  let [g, n] = [0, 0];
  for (let i = 0; i < scores.length; ) {
    const score = scores[i]!;
    for (; i < scores.length && scores[i] === score; i++) {
      const [a, b] = [first[i]!, second[i]!];
      if (a === leftOut || b === leftOut) continue;
      if (a === b) g++;
      else n++;
    }
    threshold.push(score);
    genuine.push(g);
    impostor.push(n);
  }
  return {
    threshold: Float64Array.from(threshold),
    genuine: Float64Array.from(genuine),
    impostor: Float64Array.from(impostor),
    genuinePairs: g,
    impostorPairs: n,
  };
}

function dot(a: ReadonlyFloat32, b: ReadonlyFloat32): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
