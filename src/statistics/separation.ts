import { FaceError, type Random, type ReadonlyFloat32 } from "../core/index.ts";
import { areaUnderCurve } from "./curves.ts";
import { scoreSpread } from "./d-prime.ts";
import type { OperatingPoints } from "./operating-points.ts";

/** How far scores of one person's pairs lie from those of different people's. */
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

/**
 * The separation of all pairs, and of resamples in which people are drawn with replacement.
 *
 * Whole people are drawn because the pairs of one person are not independent of each other. A pair of two people
 * counts as often as the product of how often both were drawn; a person drawn twice gives no pairs with itself beyond
 * its own, so many times.
 *
 * Returns   the sample's own figures, then one per row of `draws`
 * Source    resampling by identity: Poh and Bengio, "Estimating the confidence interval of expected performance curve
 *           in biometric authentication using joint bootstrap", 2007
 */
export function separations(pairs: ScoredPairs, draws: readonly Uint16Array[]): Separation[] {
  const ranked = rank(pairs);
  const once = new Uint16Array(pairs.people).fill(1);
  return [once, ...draws].map((weights) => separationOf(ranked, weights));
}

/**
 * How often each person is drawn in each of `count` resamples of `people` people.
 *
 * A resample without genuine or impostor pairs cannot come up: it would need the same person every time, and is drawn
 * anew.
 */
export function drawPeople(people: number, count: number, random: Random): Uint16Array[] {
  if (people < 2) throw new FaceError("USAGE", `resamples: expected at least 2 people, got ${people}`);
  return Array.from({ length: count }, () => {
    for (;;) {
      const weights = new Uint16Array(people);
      for (let i = 0; i < people; i++) weights[random.below(people)]!++;
      if (weights.filter((weight) => weight > 0).length > 1) return weights;
    }
  });
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

function separationOf(ranked: RankedPairs, weights: Uint16Array): Separation {
  const points = weightedPoints(ranked, weights);
  return { auc: areaUnderCurve(points), dPrime: scoreSpread(points).dPrime };
}

/** The operating points of one draw: every pair counts as often as its people were drawn. */
function weightedPoints({ scores, first, second }: RankedPairs, weights: Uint16Array): OperatingPoints {
  const threshold: number[] = [];
  const genuine: number[] = [];
  const impostor: number[] = [];
  let [g, n] = [0, 0];
  for (let i = 0; i < scores.length; ) {
    const score = scores[i]!;
    for (; i < scores.length && scores[i] === score; i++) {
      const [a, b] = [first[i]!, second[i]!];
      if (a === b) g += weights[a]!;
      else n += weights[a]! * weights[b]!;
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
