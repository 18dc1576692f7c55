import type { Calibration } from "../../models/index.ts";
import { clopperPearson } from "../../statistics/index.ts";

/** From which cosine on a face is someone's in a gallery, and what that keeps strangers from. */
export interface StrangerThreshold {
  readonly threshold: number;
  /** Share of strangers that may be taken for someone. */
  readonly target: number;
  /** What the calibration's pairs say of strangers like theirs at the threshold: at most this share; 1 where they say nothing. */
  readonly atMost: number;
  /** Faces that a stranger is compared with. */
  readonly faces: number;
  /** People of the gallery who were looked for among the others, and how many of them would have been taken for one. */
  readonly askedAmongOthers: number;
  readonly takenForAnother: number;
}

/**
 * A threshold that keeps the share of strangers who are taken for someone: strangers like those of the calibration, and
 * the people of the gallery itself, each of whom is a stranger to the others. The higher of both wins.
 *
 * A stranger reaches a threshold with one of n faces at most n times as often as with one, whatever the faces have to do
 * with each other, so the upper end of the false match rate has to keep a n-th of the target. Of the gallery's own people
 * the threshold is raised when more of them than the target are taken for another for certain, with 95 % confidence: a
 * few twins, or one person under two names, are no reason.
 *
 * @param bestOfOthers of people of the gallery, the highest cosine of a face of theirs with anybody else's
 */
export function strangerThreshold(
  { curve }: Pick<Calibration, "curve">,
  faces: number,
  target: number,
  bestOfOthers: ArrayLike<number>,
): StrangerThreshold {
  const upperAt = (i: number): number => Math.min(1, Math.max(1, faces) * curve[i]!.fmrInterval[1]);
  let place = curve.findIndex((_, i) => upperAt(i) <= target);
  if (place < 0) place = curve.length - 1;
  const taken = (threshold: number): number => {
    let count = 0;
    for (let i = 0; i < bestOfOthers.length; i++) if (bestOfOthers[i]! >= threshold) count++;
    return count;
  };
  const surelyMore = (threshold: number): boolean =>
    bestOfOthers.length > 0 && clopperPearson(taken(threshold), bestOfOthers.length).low > target;
  while (place < curve.length - 1 && surelyMore(curve[place]!.cosine)) place++;
  const { cosine: threshold } = curve[place]!;
  return {
    threshold,
    target,
    atMost: upperAt(place),
    faces,
    askedAmongOthers: bestOfOthers.length,
    takenForAnother: taken(threshold),
  };
}
