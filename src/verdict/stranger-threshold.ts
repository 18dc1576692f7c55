import type { Calibration } from "../models/index.ts";
import { clopperPearson, type RateInterval } from "../statistics/index.ts";

/** From which score on a face is someone's in a gallery, and what that keeps strangers from. */
export interface StrangerThreshold {
  readonly threshold: number;
  /** Its source: the calibration's pairs, the people of the gallery, who asked for more, or somebody's choice. */
  readonly source: "calibration" | "own-people" | "given";
  /** Share of strangers that may be taken for someone. */
  readonly target: number;
  /**
   * Share of strangers like those of the calibration who reach the score of somebody in the gallery. `high` is at most what
   * the pairs allow, however people depend on each other, and `rate` is that of people who do not; `low` is 0 where somebody
   * has several faces. 1 where the pairs say nothing.
   */
  readonly fpir: RateInterval;
  /** Faces that a stranger is compared with. */
  readonly faces: number;
  /** People of the gallery who were looked for among the others, and how many of them would have been taken for one. */
  readonly askedAmongOthers: number;
  readonly takenForAnother: number;
}

/** The size of the gallery that a stranger is compared with. */
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
 * A stranger reaches a threshold with one of n people at most n times as often as with one, whatever the people have to do
 * with each other, so the upper end of the false match rate has to keep a n-th of the target. Somebody with m faces counts
 * m^exponent times, as the calibration has measured (`severalFaces`), and m times where it has not. Of 30 or more
 * of the gallery's own people the threshold is raised when more of them than the target are taken for another for certain,
 * with 95 % confidence, two who are taken for each other counting once: a few twins, or one person under two names, are no
 * reason.
 *
 * @param bestOfOthers of people of the gallery, the highest score with anybody else
 */
export function strangerThreshold(
  calibration: Pick<Calibration, "curve" | "severalFaces">,
  size: GallerySize,
  target: number,
  bestOfOthers: ArrayLike<number>,
): StrangerThreshold {
  const { curve } = calibration;
  const found = curve.findIndex((_, i) => fpirAt(calibration, i, size).high <= target);
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
    fpir: fpirAt(calibration, place, size),
    ...evidence(size, bestOfOthers, curve[place]!.cosine),
  };
}

/** The share of strangers that a threshold of somebody's choice lets through. */
export function strangersAt(
  calibration: Pick<Calibration, "curve" | "severalFaces">,
  size: GallerySize,
  target: number,
  bestOfOthers: ArrayLike<number>,
  threshold: number,
): StrangerThreshold {
  const { curve } = calibration;
  const above = curve.findIndex(({ cosine }) => cosine > threshold);
  const place = above < 0 ? curve.length - 1 : above - 1;
  return {
    threshold,
    source: "given",
    target,
    fpir: place < 0 ? { rate: 1, low: 0, high: 1 } : fpirAt(calibration, place, size),
    ...evidence(size, bestOfOthers, threshold),
  };
}

/** The share of strangers taken for somebody at a point of a calibration's curve. */
export function fpirAt(
  calibration: Pick<Calibration, "curve" | "severalFaces">,
  place: number,
  size: GallerySize,
): RateInterval {
  const { fmr, fmrInterval } = calibration.curve[place]!;
  const chances = chancesOf(calibration, size);
  const rate = 1 - (1 - fmr) ** chances;
  const high = Math.min(1, Math.max(1, chances) * fmrInterval[1]);
  return {
    rate: Math.min(rate, high),
    low: size.faces > size.people ? 0 : Math.min(rate, fmrInterval[0]),
    high,
  };
}

/**
 * As how many people with one face each a gallery counts. Powers below 1 are concave: however faces are spread over people,
 * their sum is at most that of an even spread.
 */
function chancesOf(
  { severalFaces }: Pick<Calibration, "severalFaces">,
  { people, faces }: GallerySize,
): number {
  if (!(faces > people)) return faces;
  return Math.min(faces, people * (faces / people) ** (severalFaces?.exponent ?? 1));
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
