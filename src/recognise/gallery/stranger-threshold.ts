import type { Calibration } from "../../models/index.ts";
import { clopperPearson, type RateInterval } from "../../statistics/index.ts";

/** From which score on a face is someone's in a gallery, and what that keeps strangers from. */
export interface StrangerThreshold {
  readonly threshold: number;
  /** Its source: the calibration's pairs, the people of the gallery, who asked for more, or somebody's choice. */
  readonly source: "calibration" | "own-people" | "given";
  /** Share of strangers that may be taken for someone. */
  readonly target: number;
  /**
   * Share of strangers like those of the calibration with a face of the gallery as near as the threshold. `high` is at most
   * what the pairs allow, however faces depend on each other, and `rate` is that of faces that do not; `low` is 0 where
   * somebody has several faces: the score then counts their mean, too. 1 where the pairs say nothing.
   */
  readonly fpir: RateInterval;
  /** Faces that a stranger is compared with. */
  readonly faces: number;
  /** People of the gallery who were looked for among the others, and how many of them would have been taken for one. */
  readonly askedAmongOthers: number;
  readonly takenForAnother: number;
}

/** The things that a stranger is compared with. */
export interface GallerySize {
  readonly people: number;
  readonly faces: number;
}

/** Of fewer people of a gallery one pair of twins would decide. */
const ENOUGH_PEOPLE = 30;

/**
 * A threshold that keeps the share of strangers who are taken for someone: strangers like those of the calibration, and
 * the people of the gallery itself, each of whom is a stranger to the others. The higher of both wins.
 *
 * A stranger reaches a threshold with one of n faces at most n times as often as with one, whatever the faces have to do
 * with each other, so the upper end of the false match rate has to keep a n-th of the target. Of somebody with several
 * faces the score counts their mean as well, for which the pairs give no bound; on LFW it lets fewer through. Of 30 or more
 * of the gallery's own people the threshold is raised when more of them than the target are taken for another for certain,
 * with 95 % confidence, two who are taken for each other counting once: a few twins, or one person under two names, are no
 * reason.
 *
 * @param bestOfOthers of people of the gallery, the highest score with anybody else
 */
export function strangerThreshold(
  { curve }: Pick<Calibration, "curve">,
  size: GallerySize,
  target: number,
  bestOfOthers: ArrayLike<number>,
): StrangerThreshold {
  const found = curve.findIndex((_, i) => fpirAt(curve, i, size).high <= target);
  const byPairs = found < 0 ? curve.length - 1 : found;
  const asked = bestOfOthers.length;
  const surelyMore = (threshold: number): boolean =>
    asked >= ENOUGH_PEOPLE &&
    clopperPearson(Math.ceil(reaching(bestOfOthers, threshold) / 2), asked).low > target;
  let place = byPairs;
  while (place < curve.length - 1 && surelyMore(curve[place]!.cosine)) place++;
  return {
    threshold: curve[place]!.cosine,
    source: place > byPairs ? "own-people" : "calibration",
    target,
    fpir: fpirAt(curve, place, size),
    ...evidence(size, bestOfOthers, curve[place]!.cosine),
  };
}

/** The share of strangers that a threshold of somebody's choice lets through. */
export function strangersAt(
  { curve }: Pick<Calibration, "curve">,
  size: GallerySize,
  target: number,
  bestOfOthers: ArrayLike<number>,
  threshold: number,
): StrangerThreshold {
  const above = curve.findIndex(({ cosine }) => cosine > threshold);
  const place = above < 0 ? curve.length - 1 : above - 1;
  return {
    threshold,
    source: "given",
    target,
    fpir: place < 0 ? { rate: 1, low: 0, high: 1 } : fpirAt(curve, place, size),
    ...evidence(size, bestOfOthers, threshold),
  };
}

function fpirAt(curve: Calibration["curve"], place: number, { people, faces }: GallerySize): RateInterval {
  const { fmr, fmrInterval } = curve[place]!;
  const rate = 1 - (1 - fmr) ** faces;
  const high = Math.min(1, Math.max(1, faces) * fmrInterval[1]);
  return { rate: Math.min(rate, high), low: faces > people ? 0 : Math.min(rate, fmrInterval[0]), high };
}

function evidence(
  { faces }: GallerySize,
  bestOfOthers: ArrayLike<number>,
  threshold: number,
): Pick<StrangerThreshold, "faces" | "askedAmongOthers" | "takenForAnother"> {
  return {
    faces,
    askedAmongOthers: bestOfOthers.length,
    takenForAnother: reaching(bestOfOthers, threshold),
  };
}

function reaching(scores: ArrayLike<number>, threshold: number): number {
  let count = 0;
  for (let i = 0; i < scores.length; i++) if (scores[i]! >= threshold) count++;
  return count;
}
