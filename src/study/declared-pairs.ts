import { FaceError } from "../core/index.ts";
import { areaUnderCurve, operatingPointsOf } from "../statistics/index.ts";
import type { PairScores } from "./pair-scores.ts";

/** The article's question, "does ArcFace tell them apart?", answered for two people who are said to look alike. */
export interface DeclaredPair {
  readonly people: readonly [string, string];
  /** Cosines of pairs of one of the two people, and of pairs of one with the other. */
  readonly genuine: readonly number[];
  readonly between: readonly number[];
  /**
   * The frequency with which a genuine pair scores above one between the two, ties counting half; null when there are none. Of these
   * photographs: two people's few say too little of their other ones for an interval.
   */
  readonly auc: number | null;
  /** Faces of the two whose nearest other face of the two is the other person's. */
  readonly confused: readonly { readonly face: number; readonly nearest: number; readonly cosine: number }[];
  /** Decisions at the model's calibrated threshold; null for a model that was not calibrated. */
  readonly atThreshold: ThresholdVerdict | null;
}

/** A threshold's decision about the pairs of two people. */
export interface ThresholdVerdict {
  readonly threshold: number;
  /** Pairs between the two at or above the threshold: taken for one person. */
  readonly falseMatches: number;
  /** Pairs of one of the two below the threshold. */
  readonly falseNonMatches: number;
  /** True if no pair between the two is taken for one person. */
  readonly toldApart: boolean;
}

/**
 * Throws    FaceError USAGE for a person without a face in the study, or a pair of a person with itself
 */
export function judgeDeclaredPairs(
  scores: PairScores,
  pairs: readonly (readonly [string, string])[],
  threshold: number | undefined,
): DeclaredPair[] {
  return pairs.map((people) => {
    const [a, b] = people.map((person) => {
      const index = scores.people.indexOf(person);
      if (index < 0)
        throw new FaceError("USAGE", {
          where: "look-alikes",
          expected: "people with a face in the study",
          got: `"${person}"`,
        });
      return scores.facesOf[index]!;
    }) as [readonly number[], readonly number[]];
    if (a === b)
      throw new FaceError("USAGE", {
        where: "look-alikes",
        expected: "two people",
        got: `"${people[0]}" twice`,
      });
    const { genuine, between } = cosinesOf(scores, a, b);
    const auc = genuine.length > 0 ? areaUnderCurve(operatingPointsOf(genuine, between)) : null;
    return {
      people,
      genuine,
      between,
      auc,
      confused: confusedFaces(scores, [...a, ...b]),
      atThreshold: threshold === undefined ? null : verdict(genuine, between, threshold),
    };
  });
}

function cosinesOf(scores: PairScores, a: readonly number[], b: readonly number[]) {
  const genuine: number[] = [];
  const between: number[] = [];
  for (const faces of [a, b]) {
    faces.forEach((face, i) => {
      for (const other of faces.slice(i + 1)) if (face !== other) genuine.push(scores.of(face, other));
    });
  }
  for (const face of a) for (const other of b) between.push(scores.of(face, other));
  return { genuine, between };
}

function confusedFaces(scores: PairScores, faces: readonly number[]): DeclaredPair["confused"] {
  return faces.flatMap((face) => {
    const nearest = faces
      .filter((other) => other !== face)
      .reduce(
        (best, other) => (scores.of(face, other) > scores.of(face, best) || best === face ? other : best),
        face,
      );
    return nearest === face || scores.isGenuine(face, nearest)
      ? []
      : [{ face, nearest, cosine: scores.of(face, nearest) }];
  });
}

function verdict(
  genuine: readonly number[],
  between: readonly number[],
  threshold: number,
): ThresholdVerdict {
  const falseMatches = between.filter((cosine) => cosine >= threshold).length;
  return {
    threshold,
    falseMatches,
    falseNonMatches: genuine.filter((cosine) => cosine < threshold).length,
    toldApart: falseMatches === 0,
  };
}
