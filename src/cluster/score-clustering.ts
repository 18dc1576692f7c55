/** The purity of groups, their completeness, and the harmonic mean of both. In [0, 1]. */
export interface ClusterScore {
  /** null where no two faces were grouped together: nothing there could have been wrong. */
  readonly precision: number | null;
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
 * @param labels the person of each face, undefined where it is not known
 * Returns   undefined where there is nothing to score: grouping can be wrong only where at least two people are known,
 *           one of them by two faces
 * Source    A. Bagga, B. Baldwin, "Entity-based cross-document coreferencing using the vector space model", 1998
 */
export function scoreClustering(
  groups: readonly (readonly number[])[],
  labels: readonly (string | undefined)[],
): ClusteringScores | undefined {
  const known = groups
    .map((group) => group.flatMap((face) => labels[face] ?? []))
    .filter((people) => people.length > 0);
  const people = countsOf(known.flat());
  const faces = known.reduce((sum, group) => sum + group.length, 0);
  if (people.size < 2 || faces === people.size) return undefined;
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
    pairwise: {
      precision: pairsTogether === 0 ? null : pairsRight / pairsTogether,
      recall: pairsRight / pairsOfPeople,
      f: (2 * pairsRight) / (pairsTogether + pairsOfPeople),
    },
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

function scoreOf(precision: number, recall: number): ClusterScore {
  return { precision, recall, f: (2 * precision * recall) / (precision + recall) };
}
