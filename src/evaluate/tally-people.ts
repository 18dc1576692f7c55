import { throwIfAborted, type WorkOptions } from "../core/index.ts";
import { PairTally, ScoreHistogram, type TalliedScores } from "../statistics/index.ts";
import type { MeasuredPicture } from "./pictures/index.ts";
import type { PairList } from "./protocols/index.ts";
import { cosineOf, FAILED_SCORE } from "./score-pairs.ts";

/** The unit that counts the same: every pair of pictures, or every person and every two people. */
export type Weighing = "pairs" | "people";

/** All pairs of some people's pictures, counted without being held. */
export interface TalliedPeople extends TalliedScores {
  /** Every pair once, whatever the weighing. */
  readonly histogram: ScoreHistogram;
}

/** Cells that are counted: people × thresholds. */
const MAX_CELLS = 1 << 24;
/** Thresholds a unit of the cosine, the finest for which there is room. */
const STEPS = [1000, 500, 200, 100] as const;

/** Cosines from −1 to 1 at which so many people's pairs are counted: multiples of 0.001, of more where there are very many. */
export function tallyGrid(people: number): Float64Array {
  const steps = STEPS.find((each) => people * (2 * each + 1) <= MAX_CELLS) ?? STEPS.at(-1)!;
  return Float64Array.from({ length: 2 * steps + 1 }, (_, i) => (i - steps) / steps);
}

/**
 * Scores every pair of pictures. Memory does not grow with their number.
 *
 * @param person of each picture, numbered from 0
 * @param options.aliases two people whose pairs are left out: they may be one
 * Throws    FaceError ABORTED
 */
export function tallyPeople(
  person: ArrayLike<number>,
  measured: readonly MeasuredPicture[],
  people: number,
  weighing: Weighing,
  options: WorkOptions & { readonly aliases?: PairList["aliases"] } = {},
): TalliedPeople {
  const leftOut = new Set((options.aliases ?? []).map(([a, b]) => codeOf(a, b, people)));
  const grid = tallyGrid(people);
  const [genuine, impostor] = [new PairTally(grid, people), new PairTally(grid, people)];
  const histogram = new ScoreHistogram();
  const faces: (Float32Array | undefined)[][] = Array.from({ length: people }, () => []);
  for (const [i, { face }] of measured.entries()) {
    faces[person[i]!]!.push(face.kind === "face" ? Float32Array.from(face.embedding) : undefined);
  }
  for (let a = 0; a < people; a++) {
    throwIfAborted(options.signal);
    for (let b = a; b < people; b++) {
      const [own, others] = [faces[a]!, faces[b]!];
      const count = a === b ? (own.length * (own.length - 1)) / 2 : own.length * others.length;
      if (count === 0 || (leftOut.size > 0 && leftOut.has(codeOf(a, b, people)))) continue;
      const scores = new Float64Array(count);
      let at = 0;
      for (let i = 0; i < own.length; i++) {
        for (let j = a === b ? i + 1 : 0; j < others.length; j++) {
          const [x, y] = [own[i], others[j]];
          const score = x && y ? cosineOf(x, y) : FAILED_SCORE;
          scores[at++] = score;
          histogram.add(score, a === b);
        }
      }
      (a === b ? genuine : impostor).add(a, b, scores, weighing === "people" ? 1 / count : 1);
    }
    if (a % 20 === 0) options.onProgress?.({ stage: "pairs", done: a, total: people });
  }
  return { genuine: genuine.rates(), impostor: impostor.rates(), histogram };
}

/** A number of two people, in either order. */
export function codeOf(a: number, b: number, people: number): number {
  return Math.min(a, b) * people + Math.max(a, b);
}
