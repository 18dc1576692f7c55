import { FaceError } from "../core/index.ts";

/** How pure groups are, how complete, and the harmonic mean of both. In [0, 1]. */
export interface ClusterScore {
  readonly precision: number;
  readonly recall: number;
  readonly f: number;
}

/** Groups held against known people. */
export interface ClusteringScores {
  /** Faces whose person is known; the others do not count. */
  readonly faces: number;
  readonly people: number;
  /** Mean over faces: which share of its group is of its person, and which share of its person is in its group. */
  readonly bCubed: ClusterScore;
  /** Over pairs of faces: which share of those grouped together are one person, and the other way round. */
  readonly pairwise: ClusterScore;
}

/**
 * Scores groups where it is known who is who.
 *
 * A person or group of a single face has no pairs; where there are none at all, nothing was wrong and the score is 1.
 *
 * @param labels the person of each face, undefined where it is not known
 * Throws    FaceError USAGE when nobody is known
 * Source    A. Bagga, B. Baldwin, "Entity-based cross-document coreferencing using the vector space model", 1998
 */
export function scoreClustering(
  groups: readonly (readonly number[])[],
  labels: readonly (string | undefined)[],
): ClusteringScores {
  const known = groups
    .map((group) => group.flatMap((face) => labels[face] ?? []))
    .filter((people) => people.length > 0);
  const people = countsOf(known.flat());
  const faces = known.reduce((sum, group) => sum + group.length, 0);
  if (faces === 0) throw new FaceError("USAGE", "cluster score: expected labelled faces, got none");
  let precision = 0;
  let recall = 0;
  let pairsTogether = 0;
  let pairsRight = 0;
  for (const group of known) {
    pairsTogether += pairs(group.length);
    for (const [person, count] of countsOf(group)) {
      precision += (count * count) / group.length;
      recall += (count * count) / people.get(person)!;
      pairsRight += pairs(count);
    }
  }
  const pairsOfPeople = [...people.values()].reduce((sum, count) => sum + pairs(count), 0);
  return {
    faces,
    people: people.size,
    bCubed: scoreOf(precision / faces, recall / faces),
    pairwise: scoreOf(share(pairsRight, pairsTogether), share(pairsRight, pairsOfPeople)),
  };
}

function countsOf(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function pairs(count: number): number {
  return (count * (count - 1)) / 2;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}

function scoreOf(precision: number, recall: number): ClusterScore {
  const sum = precision + recall;
  return { precision, recall, f: sum === 0 ? 0 : (2 * precision * recall) / sum };
}
