import { FaceError, type Random } from "../core/index.ts";
import { justAbove } from "./curve-intervals.ts";
import { expectScores, type LabelledScores, type RankedPairs, rankPairs } from "./operating-points.ts";
import { squaredDistanceFromCosine } from "./threshold-units.ts";

/** Share of rightly decided pairs, each fold decided with a threshold chosen on the others. */
export interface FoldAccuracy {
  readonly mean: number;
  /** Of the folds' accuracies, as the field reports it: the root of the mean square, not divided by folds − 1. */
  readonly std: number;
  readonly folds: readonly {
    readonly accuracy: number;
    readonly threshold: number;
    readonly pairs: number;
  }[];
  /** 1 for each pair that was decided rightly while its fold was held out; [pairs]. */
  readonly right: Uint8Array;
}

/** Thresholds of published code: squared distances 0, 0.01, …, 3.99. */
const GRID_STEPS = 400;

/** Folds by position, each a run of pairs; the first ones are longer by one when the number does not divide. */
export function contiguousFolds(pairs: number, folds: number): Uint16Array {
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= pairs && folds <= 0xffff)) {
    throw new FaceError("USAGE", {
      where: "folds",
      expected: `2 to ${pairs} folds of ${pairs} pairs`,
      got: folds,
    });
  }
  const fold = new Uint16Array(pairs);
  let start = 0;
  for (let f = 0; f < folds; f++) {
    const length = Math.floor(pairs / folds) + (f < pairs % folds ? 1 : 0);
    fold.fill(f, start, start + length);
    start += length;
  }
  return fold;
}

/**
 * Folds drawn by chance, each with its share of genuine and of impostor pairs: whatever order a list has, a fold is a
 * sample of it. For lists that come without folds of their own.
 */
export function stratifiedFolds(same: Uint8Array, folds: number, random: Random): Uint16Array {
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= same.length && folds <= 0xffff)) {
    throw new FaceError("USAGE", {
      where: "folds",
      expected: `2 to ${same.length} folds of ${same.length} pairs`,
      got: folds,
    });
  }
  const order = Uint32Array.from(same, (_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const fold = new Uint16Array(same.length);
  // Dealt like cards, one kind after the other: no fold has two more of a kind than another, nor of both together.
  let dealt = 0;
  for (const kind of [1, 0]) for (const pair of order) if (same[pair] === kind) fold[pair] = dealt++ % folds;
  return fold;
}

/**
 * Accuracy as published code computes it, to the digit: squared Euclidean distances against a grid of 400 thresholds,
 * "same" below a threshold, the first threshold of the best accuracy on the other folds.
 *
 * @param labelled cosines of unit vectors
 * @param fold of each pair: the protocol's own, or {@link stratifiedFolds}
 * Returns   thresholds as cosines
 * Source    the evaluation scripts of facenet (D. Sandberg) and InsightFace
 */
export function gridAccuracy(labelled: LabelledScores, fold: Uint16Array): FoldAccuracy {
  expectScores(labelled);
  const { scores, same } = labelled;
  // Computed where it is wanted, twice: a list of ten million distances would be 80 MB.
  return gridAccuracyOf((i) => squaredDistanceFromCosine(scores[i]!), same, fold);
}

/** {@link gridAccuracy} of squared distances themselves, in [0, 4]. */
export function gridAccuracyOfDistances(
  distances: Float64Array,
  same: Uint8Array,
  fold: Uint16Array,
): FoldAccuracy {
  expectScores({ scores: distances, same });
  return gridAccuracyOf((i) => distances[i]!, same, fold);
}

function gridAccuracyOf(
  distanceOf: (pair: number) => number,
  same: Uint8Array,
  fold: Uint16Array,
): FoldAccuracy {
  const folds = foldCount(fold, same.length);
  // The number of pairs of each fold and kind that first fall below a threshold at each step; the last is "at none".
  const counts = [0, 1].map(() => Array.from({ length: folds }, () => new Float64Array(GRID_STEPS + 1)));
  for (let i = 0; i < same.length; i++) counts[same[i]!]![fold[i]!]![firstStepAbove(distanceOf(i))]!++;
  const [impostor, genuine] = counts.map((own) => own.map(runningSum));
  const rightAt = (f: number, step: number): number =>
    genuine![f]![step]! + impostor![f]![GRID_STEPS]! - impostor![f]![step]!;
  const thresholds = Array.from({ length: folds }, (_, held) => {
    let best = { step: 0, right: -1 };
    for (let step = 0; step < GRID_STEPS; step++) {
      let right = 0;
      for (let f = 0; f < folds; f++) if (f !== held) right += rightAt(f, step);
      if (right > best.right) best = { step, right };
    }
    return gridThreshold(best.step);
  });
  const decided = decide(
    same.length,
    fold,
    folds,
    (i, f) => distanceOf(i) < thresholds[f]! === (same[i] === 1),
  );
  return summarise(
    decided,
    thresholds.map((distance) => 1 - distance / 2),
  );
}

/**
 * Accuracy with thresholds of full precision: any score may be one, and of several equally good ones the middle of the
 * widest gap between scores is taken, of equally wide gaps the highest.
 *
 * The grid's thresholds lie up to 0.005 in cosine from the best; this one depends on the order of scores alone.
 *
 * @param ranked the same pairs and folds by {@link rankPairs}, where they are sorted already
 */
export function exactAccuracy(
  labelled: LabelledScores,
  fold: Uint16Array,
  ranked = rankPairs(labelled, fold),
): FoldAccuracy {
  const { scores, same } = labelled;
  const folds = foldCount(fold, scores.length);
  const thresholds = bestThresholds(ranked, folds);
  const decided = decide(
    scores.length,
    fold,
    folds,
    (i, f) => scores[i]! >= thresholds[f]! === (same[i] === 1),
  );
  return summarise(decided, thresholds);
}

/** The threshold that decides most pairs rightly; see {@link exactAccuracy} for the choice between equals. */
export function bestThreshold(labelled: LabelledScores): number {
  // All pairs are in one fold, and a second, empty one is held out.
  return bestThresholds(rankPairs(labelled), 2)[1]!;
}

/** For each fold the threshold that decides most pairs of the others rightly: one walk down the sorted scores. */
function bestThresholds({ score, tag }: RankedPairs, folds: number): number[] {
  // Genuine pairs accepted minus impostor pairs accepted: rises and falls as accuracy does. Of all, and of each fold.
  let gain = 0;
  const own = new Float64Array(folds);
  const best = Array.from({ length: folds }, () => ({ gain: 0, gap: 0, threshold: Number.NaN }));
  // The last score that the pairs outside a fold have.
  const above = new Float64Array(folds).fill(Number.NaN);
  const weigh = (f: number, level: number): void => {
    const found = best[f]!;
    const gap = above[f]! - level;
    if (Number.isNaN(gap)) found.threshold = justAbove(level);
    else if (gain - own[f]! > found.gain || gap > found.gap) {
      found.gain = gain - own[f]!;
      found.gap = gap;
      found.threshold = (above[f]! + level) / 2;
    }
  };
  for (let i = 0; i < score.length; ) {
    const level = score[i]!;
    let end = i + 1;
    while (end < score.length && score[end] === level) end++;
    const alone = onlyFold(tag, i, end);
    for (let f = 0; f < folds; f++) {
      // A score that only held-out pairs have is none for the others.
      if (f === alone) continue;
      if (!(gain - own[f]! < best[f]!.gain)) weigh(f, level);
      above[f] = level;
    }
    for (; i < end; i++) {
      const step = tag[i]! & 1 ? 1 : -1;
      gain += step;
      own[tag[i]! >>> 1]! += step;
    }
  }
  return best.map(({ gain: most, threshold }, f) => (gain - own[f]! > most ? above[f]! : threshold));
}

/** The fold that all of a stretch of tags are of; −1 when they are of several. */
function onlyFold(tag: Uint8Array | Uint16Array, start: number, end: number): number {
  const fold = tag[start]! >>> 1;
  for (let i = start + 1; i < end; i++) if (tag[i]! >>> 1 !== fold) return -1;
  return fold;
}

/** The first grid threshold above a distance, GRID_STEPS when none is. */
function firstStepAbove(distance: number): number {
  let step = Math.min(GRID_STEPS, Math.max(0, Math.floor(distance * 100)));
  while (step > 0 && distance < gridThreshold(step - 1)) step--;
  while (step < GRID_STEPS && !(distance < gridThreshold(step))) step++;
  return step;
}

/** As NumPy's arange gives it: a product, not a running sum. */
function gridThreshold(step: number): number {
  return step * 0.01;
}

function runningSum(counts: Float64Array): Float64Array {
  let sum = 0;
  return counts.map((count) => {
    sum += count;
    return sum;
  });
}

function foldCount(fold: Uint16Array, pairs: number): number {
  if (fold.length !== pairs) {
    throw new FaceError("SHAPE", {
      where: "folds",
      expected: `a fold for each of ${pairs} pairs`,
      got: fold.length,
    });
  }
  let folds = 0;
  for (let i = 0; i < pairs; i++) if (fold[i]! >= folds) folds = fold[i]! + 1;
  if (folds < 2) throw new FaceError("USAGE", { where: "folds", expected: "at least 2 folds", got: folds });
  return folds;
}

function decide(
  pairs: number,
  fold: Uint16Array,
  folds: number,
  isRight: (pair: number, fold: number) => boolean,
): { right: Uint8Array; hits: number[]; sizes: number[] } {
  const right = new Uint8Array(pairs);
  const hits = new Array<number>(folds).fill(0);
  const sizes = new Array<number>(folds).fill(0);
  for (let i = 0; i < pairs; i++) {
    const f = fold[i]!;
    sizes[f]!++;
    if (!isRight(i, f)) continue;
    right[i] = 1;
    hits[f]!++;
  }
  return { right, hits, sizes };
}

function summarise(
  { right, hits, sizes }: { right: Uint8Array; hits: number[]; sizes: number[] },
  thresholds: readonly number[],
): FoldAccuracy {
  const folds = hits.map((hit, f) => ({
    accuracy: hit / sizes[f]!,
    threshold: thresholds[f]!,
    pairs: sizes[f]!,
  }));
  const mean = folds.reduce((sum, { accuracy }) => sum + accuracy, 0) / folds.length;
  const variance = folds.reduce((sum, { accuracy }) => sum + (accuracy - mean) ** 2, 0) / folds.length;
  return { mean, std: Math.sqrt(variance), folds, right };
}
