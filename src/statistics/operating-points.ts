import { FaceError } from "../core/index.ts";
import { type RankedScores, rankScores } from "./rank-scores.ts";

/**
 * The effect of every threshold on a set of scored pairs: for each distinct score, how many pairs of one person (genuine)
 * and of different people (impostor) score at least that.
 *
 * A pair is accepted when its score is at least the threshold, so these are all the decisions there are, and pairs
 * with one score can only be accepted together. Every metric here is read off this table. Counts are exact.
 */
export interface OperatingPoints {
  /** Thresholds by falling score; [P]. */
  readonly threshold: Float64Array;
  /** Genuine pairs at or above each; [P], rising to `genuinePairs`. */
  readonly genuine: Float64Array | Uint32Array;
  /** Impostor pairs at or above each; [P], rising to `impostorPairs`. */
  readonly impostor: Float64Array | Uint32Array;
  readonly genuinePairs: number;
  readonly impostorPairs: number;
}

/** Scored pairs in the order of their protocol. */
export interface LabelledScores {
  /** Higher is more alike; any finite numbers. */
  readonly scores: Float64Array;
  /** 1 for a genuine pair, 0 for an impostor pair; as long as `scores`. */
  readonly same: Uint8Array;
}

/** Scored pairs from the highest score down: sorted once for everything that wants them so. */
export interface RankedPairs extends RankedScores {
  /** 2 · fold + same of each; [pairs]. */
  readonly tag: Uint8Array | Uint16Array;
}

/**
 * Sorts pairs by score. O(n); needs about 18 bytes a pair beside the list, and as many while it works.
 *
 * @param fold of each pair, below 32,768
 * Throws    FaceError USAGE naming the first score that is not a number, SHAPE when the lists differ in length or the scores are in another array
 */
export function rankPairs(labelled: LabelledScores, fold?: Uint16Array): RankedPairs {
  expectScores(labelled);
  const { scores, same } = labelled;
  if (fold === undefined) return rankScores(scores, same);
  const wide = fold.some((own) => own > 127);
  const tags = wide ? new Uint16Array(scores.length) : new Uint8Array(scores.length);
  for (let i = 0; i < tags.length; i++) tags[i] = 2 * fold[i]! + same[i]!;
  return rankScores(scores, tags);
}

/**
 * The operating points of a list of scores. O(n).
 *
 * @param ranked the same pairs by {@link rankPairs}, where they are sorted already; taken over, because ten million pairs
 * need not lie in memory twice: whatever else wants them comes first
 * Throws    as {@link rankPairs}
 */
export function operatingPoints(labelled: LabelledScores, ranked = rankPairs(labelled)): OperatingPoints {
  const { score, tag } = ranked;
  let count = 0;
  for (let i = 0; i < score.length; i++) if (i === 0 || score[i] !== score[i - 1]) count++;
  const genuine = new Uint32Array(count);
  const impostor = new Uint32Array(count);
  let g = 0;
  let n = 0;
  for (let i = 0, p = 0; i < score.length; p++) {
    const level = score[i]!;
    for (; i < score.length && score[i] === level; i++) {
      if (tag[i]! & 1) g++;
      else n++;
    }
    // The sorted list turns into that of thresholds, which is never ahead of it.
    score[p] = level;
    genuine[p] = g;
    impostor[p] = n;
  }
  return { threshold: score.subarray(0, count), genuine, impostor, genuinePairs: g, impostorPairs: n };
}

/** The operating points of genuine and impostor scores in lists of their own. */
export function operatingPointsOf(genuine: ArrayLike<number>, impostor: ArrayLike<number>): OperatingPoints {
  const scores = new Float64Array(genuine.length + impostor.length);
  scores.set(genuine);
  scores.set(impostor, genuine.length);
  const same = new Uint8Array(scores.length).fill(1, 0, genuine.length);
  return operatingPoints({ scores, same });
}

/** Throws FaceError unless there is one finite score for each label. */
export function expectScores({ scores, same }: LabelledScores): void {
  // Sorting reads the bits of float64: of other arrays it would come to no end.
  if (!(scores instanceof Float64Array))
    throw new FaceError("SHAPE", {
      where: "scores",
      expected: "a Float64Array",
      got: Object.prototype.toString.call(scores).slice(8, -1),
    });
  if (scores.length !== same.length) {
    throw new FaceError("SHAPE", {
      where: "scores",
      expected: "as many scores as labels",
      got: `${scores.length} and ${same.length}`,
    });
  }
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i])) {
      throw new FaceError("USAGE", {
        where: "scores",
        expected: "finite numbers",
        got: `${scores[i]} for pair ${i}`,
      });
    }
  }
}

/** Throws FaceError USAGE, saying which kind is missing, unless there are genuine and impostor pairs. */
export function expectBothKinds(what: string, points: OperatingPoints): void {
  if (points.genuinePairs > 0 && points.impostorPairs > 0) return;
  const missing =
    points.genuinePairs === 0 ? "genuine pairs (of one person)" : "impostor pairs (of different people)";
  throw new FaceError("USAGE", {
    where: what,
    expected: "genuine and impostor pairs",
    got: `${points.genuinePairs} genuine and ${points.impostorPairs} impostor: without ${missing} it has no value`,
  });
}

/** Index of the first threshold that accepts more than `count` impostors: every point before it stays within. */
export function pointsWithin(impostor: Float64Array | Uint32Array, count: number): number {
  let low = 0;
  let high = impostor.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (impostor[middle]! <= count) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rates at a threshold of the caller's own: the share of impostors at or above it and of genuine pairs below it. */
export function errorCountsAt(
  points: OperatingPoints,
  threshold: number,
): { readonly falseMatches: number; readonly falseNonMatches: number } {
  let low = 0;
  let high = points.threshold.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (points.threshold[middle]! >= threshold) low = middle + 1;
    else high = middle;
  }
  return {
    falseMatches: low === 0 ? 0 : points.impostor[low - 1]!,
    falseNonMatches: points.genuinePairs - (low === 0 ? 0 : points.genuine[low - 1]!),
  };
}
