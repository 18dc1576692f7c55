import type { StudyFace } from "./collect-faces.ts";
import { byFallingCosine, type PairScores, type ScoredPair } from "./pair-scores.ts";

/** Two photographs that are probably one: the same picture in another size, crop or compression. */
export interface NearDuplicate {
  readonly faces: readonly [number, number];
  readonly cosine: number;
  /** True if the files are the same byte by byte, which within one person is rejected before. */
  readonly identical: boolean;
  /** True if both are of one person; if not, one of the two names is wrong. */
  readonly samePerson: boolean;
}

/**
 * Two photographs taken apart rarely reach this cosine, whoever is on them; two versions of one photograph mostly
 * do. Pairs above are shown for a person to look at; nothing is decided from it.
 */
export const NEAR_DUPLICATE_COSINE = 0.95;

/** Pairs of faces at or above {@link NEAR_DUPLICATE_COSINE}, by falling cosine. */
export function findNearDuplicates(faces: readonly StudyFace[], scores: PairScores): NearDuplicate[] {
  const near: ScoredPair[] = [];
  for (const pair of scores.pairs()) if (pair.cosine >= NEAR_DUPLICATE_COSINE) near.push(pair);
  return near.sort(byFallingCosine).map(({ first, second, cosine }) => ({
    faces: [first, second],
    cosine,
    identical: faces[first]!.sha256 === faces[second]!.sha256,
    samePerson: scores.isGenuine(first, second),
  }));
}
