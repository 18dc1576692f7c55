import type { WorkOptions } from "../core/index.ts";
import {
  acceptInterval,
  accuracyInterval,
  areaInterval,
  areaUnderCurve,
  bestThreshold,
  CONFIDENCE,
  curveThresholds,
  type Differential,
  differential,
  type EqualErrorRate,
  equalErrorInterval,
  equalErrorRate,
  errorCountsAt,
  errorVersusReject,
  exactAccuracy,
  FAR_TARGETS,
  type FoldAccuracy,
  falseMatchRate,
  falseNonMatchRate,
  type GroupErrors,
  gridAccuracy,
  groupErrors,
  type Interval,
  type OperatingPoints,
  operatingPoints,
  type PairGroups,
  type RateInterval,
  type RejectPoint,
  rankPairs,
  scoreSpread,
  type TalliedScores,
  type TrueAcceptRate,
  tallyScores,
  trueAcceptRate,
} from "../statistics/index.ts";
import type { MeasuredPicture } from "./pictures/index.ts";
import type { PairList } from "./protocols/index.ts";
import { type PairFailures, type ScoredPairList, scorePairs } from "./score-pairs.ts";

/** Measurements of scored pairs. */
export interface VerificationOptions {
  /** Group of each picture; error rates are then given by group. */
  readonly groups?: { readonly names: readonly string[]; readonly of: Uint16Array } | undefined;
}

/** A figure with its interval under other draws of people. */
export interface Figure {
  readonly value: number;
  readonly interval: Interval;
}

/** A true accept rate, with what is known about it under other draws of people. */
export type AcceptFigure = TrueAcceptRate & {
  /** Of the true accept rate at the target itself, whose threshold is uncertain too; 0 as lower end where impostors are too few to bound the threshold. */
  readonly interval: Interval;
  /** Of the two rates at the threshold. */
  readonly tarInterval: Interval;
  readonly farInterval: Interval;
};

/** The method of the intervals, in words. */
export const BY_PEOPLE = "by person: pairs that share a person are not independent of each other";

/** The inequality of groups' error rates. */
export interface Differentials {
  readonly fmr: Differential;
  readonly fnmr: Differential;
}

/** The inequality of the rates of groups, pairs across groups left out. */
export function differentialsOf(
  groups: readonly (Pick<GroupErrors, "group" | "genuinePairs" | "impostorPairs"> & {
    readonly fmr: RateInterval | null;
    readonly fnmr: RateInterval | null;
  })[],
): Differentials {
  const rates = (kind: "fmr" | "fnmr") =>
    differential(groups.flatMap((own) => (own[kind] ? [{ group: own.group, rate: own[kind] }] : [])));
  return { fmr: rates("fmr"), fnmr: rates("fnmr") };
}

/** The rates of groups at one threshold, and their inequality. */
export type GroupFigures = Pick<VerificationReport, "groups" | "differentials">;

/** The success with which a network tells pairs of one person from pairs of two. */
export interface VerificationReport {
  readonly protocol: string;
  readonly pictures: number;
  readonly people: number;
  readonly pairs: number;
  readonly genuinePairs: number;
  readonly impostorPairs: number;
  readonly failures: PairFailures;
  /** As the field reports it: a grid of squared distances; with the interval of all held-out decisions. */
  readonly accuracy: FoldAccuracy & { readonly interval: Interval };
  /** The same with thresholds of full precision. */
  readonly exactAccuracy: FoldAccuracy;
  /** The cosine that decides most pairs rightly, over all pairs, and its errors there. */
  readonly threshold: number;
  readonly fmr: RateInterval;
  readonly fnmr: RateInterval;
  readonly falseMatches: number;
  readonly falseNonMatches: number;
  readonly auc: Figure;
  /** Difference of the means of genuine and impostor scores, in their mean deviation. */
  readonly dPrime: number;
  readonly eer: EqualErrorRate & { readonly interval: Interval };
  readonly tarAtFar: readonly AcceptFigure[];
  /** At `threshold`, while pairs of low quality are set aside. */
  readonly reject: {
    readonly detectionScore: readonly RejectPoint[];
    readonly featureNorm: readonly RejectPoint[];
  };
  readonly groups: readonly GroupErrors[];
  /** Of the groups' own pairs, the worst against the geometric mean; undefined without groups. */
  readonly differentials?: Differentials | undefined;
  readonly intervals: { readonly confidence: number; readonly method: string };
  readonly points: OperatingPoints;
  readonly scores: Float64Array;
  readonly sha256: string;
}

/**
 * Everything there is to say about a list of pairs whose pictures were embedded.
 *
 * Throws    FaceError USAGE without pairs of both kinds
 *
 * ```ts
 * import { embedPictures, measureVerification, readLfwPairs } from "arcface-ts/evaluate";
 *
 * const list = await readLfwPairs("lfw/", "pairs.txt");
 * const { measured } = await embedPictures(list.pictures);
 * const { accuracy, eer } = measureVerification(list, measured);
 * console.log(accuracy, eer);
 * ```
 */
export function measureVerification(
  list: PairList,
  measured: readonly MeasuredPicture[],
  options: VerificationOptions = {},
): VerificationReport {
  const scored = scorePairs(list, measured);
  const { groups: grouping } = options;
  const ranked = rankPairs(scored, list.fold);
  const exact = exactAccuracy(scored, list.fold, ranked);
  const points = operatingPoints(scored, ranked);
  const accuracy = gridAccuracy(scored, list.fold);
  const threshold = bestThreshold(scored);
  const eer = equalErrorRate(points);
  const auc = areaUnderCurve(points);
  const tarAtFar = FAR_TARGETS.map((far) => trueAcceptRate(points, far));
  const tallied = tallyScores(scored, [
    ...curveThresholds(points, curvePointsFor(scored.people)),
    threshold,
    eer.threshold,
    ...tarAtFar.flatMap((rate) => (rate.kind === "measured" ? rate.threshold : [])),
  ]);
  return {
    protocol: list.protocol,
    pictures: list.pictures.length,
    people: list.people,
    pairs: scored.scores.length,
    genuinePairs: points.genuinePairs,
    impostorPairs: points.impostorPairs,
    failures: scored.failures,
    accuracy: {
      ...accuracy,
      interval: accuracyInterval(scored, list.fold, accuracy),
    },
    exactAccuracy: exact,
    threshold,
    ...errorCountsAt(points, threshold),
    fmr: falseMatchRate(tallied, threshold),
    fnmr: falseNonMatchRate(tallied, threshold),
    auc: { value: auc, interval: areaInterval(scored, points) },
    dPrime: scoreSpread(points).dPrime,
    eer: { ...eer, interval: equalErrorInterval(tallied, eer, points) },
    tarAtFar: tarAtFar.map((rate) => acceptFigure(rate, tallied)),
    reject: rejectCurves(list, measured, scored, threshold),
    ...(grouping ? figuresOfGroups(list, scored, grouping, threshold) : { groups: [] }),
    intervals: { confidence: CONFIDENCE, method: BY_PEOPLE },
    points,
    scores: scored.scores,
    sha256: scored.sha256,
  };
}

/** Cells that are counted at most: people × thresholds. */
const MAX_CELLS = 1 << 25;

/** Thresholds that intervals are looked up at: fewer where there are very many people. */
export function curvePointsFor(people: number): number {
  return Math.max(12, Math.min(96, Math.floor(MAX_CELLS / Math.max(1, people))));
}

/** The rate with its intervals. */
export function acceptFigure(rate: TrueAcceptRate, tallied: TalliedScores): AcceptFigure {
  if (rate.kind !== "measured") return { ...rate, ...NOTHING_KNOWN };
  // Where nothing is accepted, the tally's highest threshold, above all scores, says the same.
  const threshold = Math.min(rate.threshold, tallied.impostor.threshold.at(-1)!);
  const misses = falseNonMatchRate(tallied, threshold);
  const far = falseMatchRate(tallied, threshold);
  return {
    ...rate,
    interval: acceptInterval(tallied, threshold, rate.farTarget),
    tarInterval: [1 - misses.high, 1 - misses.low],
    farInterval: [far.low, far.high],
  };
}

const NOTHING_KNOWN = { interval: [0, 1], tarInterval: [0, 1], farInterval: [0, 1] } as const;

/** Genuine pairs with two faces, by the lower quality of the two; a quality that is one number for all says nothing. */
function rejectCurves(
  { a, b, same }: PairList,
  measured: readonly MeasuredPicture[],
  { scores, a: person }: ScoredPairList,
  threshold: number,
): VerificationReport["reject"] {
  const own: number[] = [];
  const score: number[] = [];
  const norm: number[] = [];
  const people: number[] = [];
  for (let i = 0; i < same.length; i++) {
    const [x, y] = [measured[a[i]!]!.face, measured[b[i]!]!.face];
    if (!same[i] || x.kind !== "face" || y.kind !== "face") continue;
    own.push(scores[i]!);
    people.push(person[i]!);
    score.push(Math.min(x.score, y.score));
    norm.push(Math.min(x.norm, y.norm));
  }
  const curve = (quality: readonly number[]): RejectPoint[] =>
    quality.every((value) => value === quality[0])
      ? []
      : errorVersusReject(Float64Array.from(own), Float64Array.from(quality), people, threshold);
  return { detectionScore: curve(score), featureNorm: curve(norm) };
}

/** Error rates of groups at a threshold that was found elsewhere, in all pairs of a list. */
export function measureGroups(
  list: PairList,
  measured: readonly MeasuredPicture[],
  groups: NonNullable<VerificationOptions["groups"]>,
  threshold: number,
  options: WorkOptions = {},
): GroupFigures {
  return figuresOfGroups(list, scorePairs(list, measured, options), groups, threshold);
}

function figuresOfGroups(
  list: PairList,
  scored: ScoredPairList,
  grouping: NonNullable<VerificationOptions["groups"]>,
  threshold: number,
): GroupFigures {
  const groups = groupErrors(scored, groupsOfPairs(list, grouping), threshold);
  return { groups, differentials: differentialsOf(groups.filter(({ across }) => !across)) };
}

function groupsOfPairs(
  { a, b }: PairList,
  { names, of }: NonNullable<VerificationOptions["groups"]>,
): PairGroups {
  return { names, a: Uint16Array.from(a, (i) => of[i]!), b: Uint16Array.from(b, (i) => of[i]!) };
}
