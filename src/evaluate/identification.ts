import { type Random, throwIfAborted, type WorkOptions } from "../core/index.ts";
import {
  areaUnderCurve,
  type EqualErrorRate,
  equalErrorInterval,
  equalErrorRate,
  FAR_TARGETS,
  type IdentificationRate,
  type Interval,
  identificationRate,
  type OperatingPoints,
  outcomeOf,
  type RateInterval,
  rankAccuracy,
  type SearchOutcome,
  type TalliedScores,
  trueAcceptRate,
} from "../statistics/index.ts";
import type { MeasuredPicture } from "./pictures/index.ts";
import type { LabelledPeople } from "./protocols/index.ts";
import { cosineOf, FAILED_SCORE } from "./score-pairs.ts";
import { tallyPeople } from "./tally-people.ts";
import { type AcceptFigure, acceptFigure } from "./verification.ts";

/** The success with which people are found in a gallery with one picture of each. */
export interface IdentificationReport {
  /** People enrolled, with the first picture of theirs that has a face. */
  readonly gallery: number;
  /** Probes whose person is enrolled; one without a face counts as not found. */
  readonly probes: number;
  /** Probes of people who are not enrolled. */
  readonly strangers: number;
  /** People of whom no picture could be enrolled: all their probes count as not found. */
  readonly notEnrolled: number;
  /** Share of the probes whose person is among the first k. Closed set. */
  readonly ranks: readonly { readonly k: number; readonly accuracy: RateInterval }[];
  /** Open set: named rightly while so few strangers are named at all. */
  readonly dirAtFar: readonly IdentificationRate[];
}

/** Ranks that are reported. */
const RANKS = [1, 5, 10, 20] as const;
/** FARs of the open set: searches are fewer than pairs. */
const OPEN_SET_FARS = FAR_TARGETS.slice(0, 3);
/** Where everybody has several pictures, this share of the people is left out of the gallery. */
const STRANGER_SHARE = 0.25;

/**
 * 1:N over a folder of people: each person's first picture is enrolled, the others are searched for. People with one
 * picture are strangers; where there are none, a quarter of the people drawn by chance.
 *
 * Throws    FaceError ABORTED
 */
export function measureIdentification(
  { person, names }: LabelledPeople,
  measured: readonly MeasuredPicture[],
  random: Random,
  options: WorkOptions = {},
): IdentificationReport {
  const pictures: number[][] = names.map(() => []);
  for (const [picture, own] of person.entries()) pictures[own]!.push(picture);
  const singles = pictures.filter(({ length }) => length === 1).length;
  const drawn = new Set(
    singles > 0 ? [] : random.shuffle([...names.keys()]).slice(0, Math.floor(names.length * STRANGER_SHARE)),
  );
  const gallery: { picture: number; person: number }[] = [];
  const probes: { picture: number; person: number }[] = [];
  const strangers: number[] = [];
  let notEnrolled = 0;
  for (const [own, all] of pictures.entries()) {
    if (all.length === 1 || drawn.has(own)) {
      strangers.push(...all);
      continue;
    }
    const enrolled = all.find((picture) => measured[picture]!.face.kind === "face");
    if (enrolled === undefined) notEnrolled++;
    else gallery.push({ picture: enrolled, person: own });
    probes.push(
      ...all
        .filter((picture) => picture !== (enrolled ?? all[0]))
        .map((picture) => ({ picture, person: own })),
    );
  }
  const outcomes: SearchOutcome[] = [];
  const others = new Float64Array(gallery.length);
  const search = (picture: number, own: number | undefined): void => {
    const shown = person[picture]!;
    throwIfAborted(options.signal);
    const { face } = measured[picture]!;
    let mate: number | undefined = own === undefined ? undefined : FAILED_SCORE;
    let count = 0;
    if (face.kind !== "face") {
      const rank = own === undefined ? undefined : Number.POSITIVE_INFINITY;
      outcomes.push({ person: shown, rank, mate, bestOther: FAILED_SCORE });
      return;
    }
    let found = false;
    for (const entry of gallery) {
      const enrolled = measured[entry.picture]!.face;
      const score = enrolled.kind === "face" ? cosineOf(face.embedding, enrolled.embedding) : FAILED_SCORE;
      if (entry.person === own) {
        mate = score;
        found = true;
      } else others[count++] = score;
    }
    const outcome = outcomeOf({ person: shown, mate, others: others.subarray(0, count) });
    outcomes.push(own !== undefined && !found ? { ...outcome, rank: Number.POSITIVE_INFINITY } : outcome);
  };
  for (const { picture, person: own } of probes) search(picture, own);
  for (const picture of strangers) search(picture, undefined);
  return {
    gallery: gallery.length,
    probes: probes.length,
    strangers: strangers.length,
    notEnrolled,
    ranks: RANKS.filter((k) => k <= Math.max(1, gallery.length)).map((k) => ({
      k,
      accuracy: rankAccuracy(outcomes, k),
    })),
    dirAtFar: OPEN_SET_FARS.map((far) => identificationRate(outcomes, far)),
  };
}

/** Figures of every pair of a folder, counted without being held. */
export interface AllPairsReport {
  readonly genuinePairs: number;
  readonly impostorPairs: number;
  /** Scores were told apart to this. */
  readonly resolution: number;
  readonly auc: number;
  readonly eer: EqualErrorRate & { readonly interval: Interval };
  /** At thresholds that are multiples of a coarser step: that of the intervals. */
  readonly tarAtFar: readonly AcceptFigure[];
  readonly points: OperatingPoints;
}

/**
 * Verification over all pairs of a folder, each of which weighs the same. Memory does not grow with their number.
 *
 * Throws    FaceError ABORTED
 */
export function measureAllPairs(
  { person, names }: LabelledPeople,
  measured: readonly MeasuredPicture[],
  options: WorkOptions = {},
): AllPairsReport {
  const tallied = tallyPeople(person, measured, names.length, "pairs", options);
  const points = tallied.histogram.operatingPoints();
  const eer = equalErrorRate(points);
  const coarse = pointsOfTally(tallied);
  return {
    genuinePairs: points.genuinePairs,
    impostorPairs: points.impostorPairs,
    resolution: tallied.histogram.resolution,
    auc: areaUnderCurve(points),
    eer: { ...eer, interval: equalErrorInterval(tallied, eer, points) },
    tarAtFar: FAR_TARGETS.map((far) => acceptFigure(trueAcceptRate(coarse, far), tallied)),
    points,
  };
}

/** The operating points at a tally's own thresholds. */
function pointsOfTally({ genuine, impostor }: TalliedScores): OperatingPoints {
  return {
    threshold: genuine.threshold.toReversed(),
    genuine: genuine.accepted.toReversed(),
    impostor: impostor.accepted.toReversed(),
    genuinePairs: genuine.pairs,
    impostorPairs: impostor.pairs,
  };
}
