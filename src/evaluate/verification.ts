import { seeded } from "../core/index.ts";
import {
  areaUnderCurve,
  bestThreshold,
  bootstrapByIdentity,
  bootstrapMean,
  type EqualErrorRate,
  equalErrorRate,
  errorCountsAt,
  errorVersusReject,
  exactAccuracy,
  FAR_TARGETS,
  type FoldAccuracy,
  type GroupErrors,
  gridAccuracy,
  groupErrors,
  type Interval,
  type OperatingPoints,
  operatingPoints,
  type PairGroups,
  pointsWithin,
  RESAMPLES,
  type RejectPoint,
  rankPairs,
  type TrueAcceptRate,
  trueAcceptRate,
} from "../statistics/index.ts";
import type { MeasuredPicture } from "./pictures/index.ts";
import type { PairList } from "./protocols/index.ts";
import { type PairFailures, scorePairs } from "./score-pairs.ts";

/** What is measured of scored pairs, and how its intervals are drawn. */
export interface VerificationOptions {
  /** Draws people for the intervals. @default 1 */
  readonly seed?: number | undefined;
  /** @default 200 */
  readonly resamples?: number | undefined;
  /** Group of each picture; error rates are then given by group. */
  readonly groups?: { readonly names: readonly string[]; readonly of: Uint16Array } | undefined;
}

/** A figure with its interval under other draws of people. */
export interface Figure {
  readonly value: number;
  readonly interval: Interval;
}

/** How well a network tells pairs of one person from pairs of two. */
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
  readonly falseMatches: number;
  readonly falseNonMatches: number;
  readonly auc: Figure;
  readonly eer: EqualErrorRate & { readonly interval: Interval };
  /** With exact intervals of the rates; `bootstrap` is that of TAR under other draws of people. */
  readonly tarAtFar: readonly (TrueAcceptRate & { readonly bootstrap: Interval })[];
  /** At `threshold`, while pairs of low quality are set aside. */
  readonly reject: {
    readonly detectionScore: readonly RejectPoint[];
    readonly featureNorm: readonly RejectPoint[];
  };
  readonly groups: readonly GroupErrors[];
  readonly intervals: { readonly method: string; readonly resamples: number; readonly seed: number };
  readonly points: OperatingPoints;
  readonly scores: Float64Array;
  readonly sha256: string;
}

/**
 * Everything there is to say about a list of pairs whose pictures were embedded.
 *
 * Throws    FaceError USAGE without pairs of both kinds
 */
export function verify(
  list: PairList,
  measured: readonly MeasuredPicture[],
  options: VerificationOptions = {},
): VerificationReport {
  const { seed = 1, resamples = RESAMPLES } = options;
  const scored = scorePairs(list, measured);
  const ranked = rankPairs(scored, list.fold);
  const exact = exactAccuracy(scored, list.fold, ranked);
  const points = operatingPoints(scored, ranked);
  const accuracy = gridAccuracy(scored, list.fold);
  const threshold = bestThreshold(scored);
  const eer = equalErrorRate(points);
  const auc = areaUnderCurve(points);
  const tarAtFar = FAR_TARGETS.map((far) => trueAcceptRate(points, far));
  const intervals = bootstrapByIdentity(
    scored,
    (own) => [
      areaUnderCurve(own),
      equalErrorRate(own).rate,
      ...FAR_TARGETS.map((far) => tarWithin(own, far)),
    ],
    { random: seeded(seed), resamples },
  );
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
      interval: bootstrapMean(accuracy.right, scored, { random: seeded(seed), resamples }),
    },
    exactAccuracy: exact,
    threshold,
    ...errorCountsAt(points, threshold),
    auc: { value: auc, interval: intervals[0]! },
    eer: { ...eer, interval: intervals[1]! },
    tarAtFar: tarAtFar.map((rate, i) => ({ ...rate, bootstrap: intervals[2 + i]! })),
    reject: rejectCurves(list, measured, scored.scores, threshold),
    groups: options.groups ? groupErrors(scored, groupsOfPairs(list, options.groups), threshold) : [],
    intervals: { method: "95 %, people drawn with replacement", resamples, seed },
    points,
    scores: scored.scores,
    sha256: scored.sha256,
  };
}

/** The largest TAR within a FAR, of weighted counts too. */
function tarWithin({ genuine, impostor, genuinePairs, impostorPairs }: OperatingPoints, far: number): number {
  const within = pointsWithin(impostor, far * impostorPairs * (1 + 1e-12));
  return within === 0 ? 0 : genuine[within - 1]! / genuinePairs;
}

/** Genuine pairs with two faces, by the lower quality of the two; a quality that is one number for all says nothing. */
function rejectCurves(
  { a, b, same }: PairList,
  measured: readonly MeasuredPicture[],
  scores: Float64Array,
  threshold: number,
): VerificationReport["reject"] {
  const own: number[] = [];
  const score: number[] = [];
  const norm: number[] = [];
  for (let i = 0; i < same.length; i++) {
    const [x, y] = [measured[a[i]!]!.face, measured[b[i]!]!.face];
    if (!same[i] || x.kind !== "face" || y.kind !== "face") continue;
    own.push(scores[i]!);
    score.push(Math.min(x.score, y.score));
    norm.push(Math.min(x.norm, y.norm));
  }
  const curve = (quality: readonly number[]): RejectPoint[] =>
    quality.every((value) => value === quality[0])
      ? []
      : errorVersusReject(Float64Array.from(own), Float64Array.from(quality), threshold);
  return { detectionScore: curve(score), featureNorm: curve(norm) };
}

function groupsOfPairs(
  { a, b }: PairList,
  { names, of }: NonNullable<VerificationOptions["groups"]>,
): PairGroups {
  return { names, a: Uint16Array.from(a, (i) => of[i]!), b: Uint16Array.from(b, (i) => of[i]!) };
}
