import { createHash } from "node:crypto";
import { type ReadonlyFloat32, throwIfAborted, type WorkOptions } from "../core/index.ts";
import type { IdentifiedScores } from "../statistics/index.ts";
import type { MeasuredPicture } from "./pictures/index.ts";
import type { PairList } from "./protocols/index.ts";

/** The score of a pair with a picture that has no face: the lowest there is, so that the pair counts as "different". */
export const FAILED_SCORE = -1;

/** Pictures without a vector, and what they do to the pairs. Such pairs are never left out. */
export interface PairFailures {
  readonly pictures: number;
  readonly noFace: number;
  readonly unreadable: number;
  /** Genuine pairs that count as missed because of them. */
  readonly genuinePairs: number;
  /** Impostor pairs that count as rightly rejected because of them. */
  readonly impostorPairs: number;
  readonly list: readonly { readonly picture: string; readonly reason: string }[];
}

/** Scored pairs of a protocol. */
export interface ScoredPairList extends IdentifiedScores {
  readonly failures: PairFailures;
  /** sha256 over the bytes of every pair's pictures and its label, in order. */
  readonly sha256: string;
}

/**
 * The cosine of every pair; {@link FAILED_SCORE} where a picture has no face.
 *
 * Ranges    scores in [−1, 1]
 */
export function scorePairs(
  list: PairList,
  measured: readonly MeasuredPicture[],
  options: WorkOptions = {},
): ScoredPairList {
  const { a, b, same, person } = list;
  const scores = new Float64Array(a.length);
  const hash = createHash("sha256");
  let genuinePairs = 0;
  let impostorPairs = 0;
  for (let i = 0; i < a.length; i++) {
    if (i % 100_000 === 0) throwIfAborted(options.signal);
    const [x, y] = [measured[a[i]!]!, measured[b[i]!]!];
    hash.update(`${x.sha256} ${y.sha256} ${same[i]}\n`);
    if (x.face.kind === "face" && y.face.kind === "face") {
      scores[i] = cosineOf(x.face.embedding, y.face.embedding);
      continue;
    }
    scores[i] = FAILED_SCORE;
    if (same[i]) genuinePairs++;
    else impostorPairs++;
  }
  const failed = measured.flatMap(({ face }, i) => {
    if (face.kind === "face") return [];
    return [
      { picture: list.pictures[i]!.name, reason: face.kind === "no-face" ? "no face found" : face.reason },
    ];
  });
  const noFace = measured.filter(({ face }) => face.kind === "no-face").length;
  return {
    scores,
    same,
    a: a.map((picture) => person[picture]!),
    b: b.map((picture) => person[picture]!),
    people: list.people,
    failures: {
      pictures: failed.length,
      noFace,
      unreadable: failed.length - noFace,
      genuinePairs,
      impostorPairs,
      list: failed,
    },
    sha256: hash.digest("hex"),
  };
}

/** A cosine in double precision: scores of many pairs should not tie by rounding. */
export function cosineOf(a: ReadonlyFloat32, b: ReadonlyFloat32): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return Math.min(1, Math.max(-1, sum));
}
