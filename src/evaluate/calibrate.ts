import { createHash } from "node:crypto";
import { FaceError, type UnitVector, type WorkOptions } from "../core/index.ts";
import type { Calibration, Pipeline } from "../models/index.ts";
import {
  acceptedShare,
  CONFIDENCE,
  eachTwoPeople,
  localLikelihoods,
  PairTally,
  rejectedShare,
  type TalliedScores,
  thresholdInterval,
} from "../statistics/index.ts";
import { type LookAlikeRates, tallyLookAlikes } from "./look-alikes.ts";
import type { MeasuredPicture } from "./pictures/index.ts";
import type { PairList } from "./protocols/index.ts";
import { FAILED_SCORE, scorePairs } from "./score-pairs.ts";
import { type SeveralFaces, tallySeveralFaces } from "./several-faces.ts";
import { tallyGrid, tallyPeople } from "./tally-people.ts";
import { BY_PEOPLE } from "./verification.ts";

/** Scores of known people, counted, and where they come from. */
export interface CalibrationEvidence {
  /** At the thresholds of a grid. */
  readonly tallied: TalliedScores;
  readonly data: Omit<Calibration["data"], "genuinePairs" | "impostorPairs">;
  /** Where all pairs of enough people were counted. */
  readonly lookAlikes?: readonly LookAlikeRates[] | undefined;
  readonly severalFaces?: SeveralFaces | undefined;
}

/** The threshold that a calibration is to have. */
export interface CalibrateOptions {
  /** The false match rate that the threshold is to keep. @default 0.001 */
  readonly targetFmr?: number | undefined;
}

/** Points of the curve a unit of the cosine. */
const CURVE_STEPS = 200;

/** The pairs of a list, each of the same weight. */
export function evidenceOfPairs(
  list: PairList,
  measured: readonly MeasuredPicture[],
  options: WorkOptions = {},
): CalibrationEvidence {
  const scored = scorePairs(list, measured, options);
  const grid = tallyGrid(scored.people);
  const [genuine, impostor] = [new PairTally(grid, scored.people), new PairTally(grid, scored.people)];
  eachTwoPeople(scored, (a, b, own) => (a === b ? genuine : impostor).add(a, b, own));
  return {
    tallied: { genuine: genuine.rates(), impostor: impostor.rates() },
    data: {
      protocol: list.protocol,
      sha256: scored.sha256,
      pictures: list.pictures.length,
      people: list.people,
      failures: scored.failures.pictures,
      weighing: "pairs",
    },
  };
}

/**
 * All pairs of some people's pictures, each person and each two people of the same weight; without those of two people who
 * are known to be one.
 */
export function evidenceOfPeople(
  { person, people, aliases = [] }: Pick<PairList, "person" | "people" | "aliases">,
  measured: readonly MeasuredPicture[],
  protocol: string,
  options: WorkOptions = {},
): CalibrationEvidence {
  const hash = createHash("sha256");
  for (const [i, own] of measured.entries()) hash.update(`${own.sha256} ${person[i]}\n`);
  for (const [a, b] of aliases) hash.update(`${a} is ${b}\n`);
  const faces = Array.from({ length: people }, (): UnitVector[] => []);
  for (const [i, { face }] of measured.entries())
    if (face.kind === "face") faces[person[i]!]!.push(face.embedding as UnitVector);
  return {
    tallied: tallyPeople(person, measured, people, "people", { ...options, aliases }),
    data: {
      protocol,
      sha256: hash.digest("hex"),
      pictures: measured.length,
      people,
      failures: measured.filter(({ face }) => face.kind !== "face").length,
      weighing: "people",
      ...(aliases.length > 0 && { leftOut: aliases.length }),
    },
    lookAlikes: tallyLookAlikes(faces, aliases, options),
    severalFaces: tallySeveralFaces(faces, aliases, options),
  };
}

/**
 * Measures the meaning of a pipeline's scores from scores of known people.
 *
 * The threshold is the lowest from which on the upper end of the false match rate's interval keeps the target. Pairs too few
 * for that give the lowest that keeps the rate itself, and the calibration says so.
 *
 * Throws    FaceError USAGE when there are too few impostor pairs for the target, or no genuine ones
 */
export function calibrate(
  { tallied, data, lookAlikes = [], severalFaces }: CalibrationEvidence,
  pipeline: Pipeline,
  options: CalibrateOptions = {},
): Calibration {
  const { targetFmr = 0.001 } = options;
  if (!(targetFmr > 0 && targetFmr < 1)) {
    throw new FaceError("USAGE", {
      where: "calibrate",
      expected: "a false match rate between 0 and 1",
      got: targetFmr,
    });
  }
  const { genuine, impostor } = tallied;
  const needed = impostorsFor(targetFmr);
  if (impostor.pairs < needed || genuine.pairs === 0) {
    throw new FaceError("USAGE", {
      where: "calibrate",
      expected: `at least ${needed} impostor pairs for a false match rate of ${targetFmr} and at least one genuine pair`,
      got: `${impostor.pairs} and ${genuine.pairs}`,
      note: "more people give more pairs; a higher rate needs fewer",
    });
  }
  const { threshold, lowest, surely } = thresholdFor(tallied, targetFmr);
  // The grid's last point is 1, where a pair of equal pictures still counts.
  if (threshold > 1 || genuine.accepted[impostor.threshold.indexOf(threshold)] === 0) {
    throw new FaceError("USAGE", {
      where: "calibrate",
      expected: `a threshold within a false match rate of ${targetFmr}`,
      got: "none: the highest scores are those of impostors",
    });
  }
  const at = impostor.threshold.indexOf(threshold);
  const points = curvePoints(tallied);
  return {
    magic: "arcface-calibration",
    version: 3,
    pipeline,
    data: {
      protocol: data.protocol,
      sha256: data.sha256,
      pictures: data.pictures,
      people: data.people,
      genuinePairs: genuine.pairs,
      impostorPairs: impostor.pairs,
      failures: data.failures,
      weighing: data.weighing,
      ...(data.leftOut !== undefined && { leftOut: data.leftOut }),
    },
    intervals: { confidence: CONFIDENCE, method: BY_PEOPLE },
    target: { fmr: targetFmr, kept: surely <= 1 ? "upper-bound" : "rate" },
    threshold,
    thresholdInterval: [Math.max(-1, lowest), surely <= 1 ? surely : null],
    fmr: roundedRate(acceptedShare(impostor, at)),
    fnmr: roundedRate(rejectedShare(genuine, at)),
    falseMatches: impostor.accepted[at]!,
    falseNonMatches: genuine.pairs - genuine.accepted[at]!,
    curve: points.map((point) => {
      const fmr = roundedRate(acceptedShare(impostor, point));
      const fnmr = roundedRate(rejectedShare(genuine, point));
      return {
        cosine: impostor.threshold[point]!,
        fmr: fmr.rate,
        fmrInterval: [fmr.low, fmr.high],
        fnmr: fnmr.rate,
        fnmrInterval: [fnmr.low, fnmr.high],
      };
    }),
    likelihoodRatio: localLikelihoods(
      tallied,
      points.map((point) => impostor.threshold[point]!),
    ).map(({ cosine, log10, low, high }) => ({
      cosine,
      log10: log10 === null ? null : rounded(log10),
      low: low === null ? null : rounded(low),
      high: high === null ? null : rounded(high),
    })),
    ...(lookAlikes.length > 0 && {
      lookAlikes: lookAlikes.map(({ nearest, pairs, fmr }) => ({
        nearest,
        pairs,
        curve: points.map((point) => {
          const at = impostor.threshold[point]!;
          const { rate, low, high } = roundedRate(fmr(at));
          return { cosine: at, fmr: rate, fmrInterval: [low, high] as [number, number] };
        }),
      })),
    }),
    ...(severalFaces && {
      severalFaces: { exponent: rounded(severalFaces.exponent), faces: severalFaces.faces },
    }),
  };
}

/** Impostor pairs that a false match rate cannot be told from fewer of. */
export function impostorsFor(targetFmr: number): number {
  return Math.max(20, Math.ceil(1 / targetFmr - 1e-9));
}

/** The threshold of a target: where the interval's upper end keeps it or, of too few pairs, the rate itself; Infinity for none. */
export function thresholdFor(
  tallied: TalliedScores,
  targetFmr: number,
): { readonly threshold: number; readonly lowest: number; readonly surely: number } {
  const { impostor } = tallied;
  const [lowest, surely] = thresholdInterval(tallied, targetFmr);
  const within = impostor.share.findIndex((rate) => rate <= targetFmr);
  const threshold =
    surely <= 1 ? surely : within < 0 ? Number.POSITIVE_INFINITY : impostor.threshold[within]!;
  return { threshold, lowest, surely };
}

/** Indices of the grid's points that are multiples of a curve's step, from where pairs begin to where they end. */
function curvePoints({ genuine, impostor }: TalliedScores): number[] {
  const { threshold } = impostor;
  // Pairs that failed score lowest and are no reason to begin there.
  const failed = (rates: typeof impostor): number =>
    rates.accepted[threshold.findIndex((t) => t > FAILED_SCORE)]!;
  const [allImpostors, allGenuine] = [failed(impostor), failed(genuine)];
  const every = Math.max(1, Math.round((threshold.length - 1) / 2 / CURVE_STEPS));
  const zero = (threshold.length - 1) / 2;
  return [...threshold.keys()].filter((i) => {
    if ((i - zero) % every !== 0 || threshold[i]! <= FAILED_SCORE) return false;
    const [before, after] = [Math.min(i + every, threshold.length - 1), Math.max(i - every, 0)];
    const begun = impostor.accepted[before]! < allImpostors || genuine.accepted[before]! < allGenuine;
    return begun && impostor.accepted[after]! + genuine.accepted[after]! > 0;
  });
}

/** A rate and its interval with as many digits as a calibration keeps. */
export function roundedRate(rate: { rate: number; low: number; high: number }) {
  return { rate: rounded(rate.rate), low: rounded(rate.low), high: rounded(rate.high) };
}

/** Six digits: more than any interval holds. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
