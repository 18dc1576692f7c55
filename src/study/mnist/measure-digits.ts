import { setImmediate } from "node:timers/promises";
import { type Random, throwIfAborted, type WorkOptions } from "../../core/index.ts";
import { type FeatureSpace, measureFeatureSpace } from "../../evaluate/index.ts";
import {
  areaUnderCurve,
  contiguousFolds,
  equalErrorRate,
  exactAccuracy,
  ScoreHistogram,
  trueAcceptRate,
} from "../../statistics/index.ts";

/** The success with which pairs of digits are told to show the same or not, by the cosine of their features. */
export interface PairVerification {
  readonly genuinePairs: number;
  readonly impostorPairs: number;
  /** Accuracy over 6,000 drawn pairs, half of them genuine, in ten folds: as LFW is reported. */
  readonly accuracy: number;
  readonly equalErrorRate: number;
  readonly areaUnderCurve: number;
  /** Share of genuine pairs above the threshold that no more impostor pairs than this share pass; null without enough. */
  readonly tarAtFar: Readonly<Record<string, number | null>>;
}

/** Features of some digits with what they show. */
export interface DigitFeatures {
  /** Shapes [count, dimension] */
  readonly features: Float32Array;
  readonly dimension: number;
  readonly labels: Uint8Array;
}

/** Progress and abort signal of a measurement. */
export interface MeasureOptions extends WorkOptions {
  /** The stage under which progress is shown. */
  readonly stage: string;
}

const FARS = [1e-2, 1e-3, 1e-4] as const;
/** All pairs of so many digits: four and a half million. */
const MAX_DIGITS = 3000;
const DRAWN_PAIRS = 6000;
/** Digits held against all others between two looks at whether to go on. */
const PAUSE_EVERY = 200;

/** The angles of a feature space, and its verification figures. Throws FaceError ABORTED. */
export async function measureDigits(
  digits: DigitFeatures,
  random: Random,
  options: MeasureOptions,
): Promise<FeatureSpace & { verification: PairVerification }> {
  const verification = await verifyPairs(digits, random, options);
  return { ...measureFeatureSpace(digits), verification };
}

/** Share of digits whose largest score is at their label. Shapes scores [count, classes] */
export function accuracyOf(scores: Float32Array, labels: Uint8Array): number {
  const classes = scores.length / labels.length;
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    const own = scores.subarray(i * classes, (i + 1) * classes);
    let best = 0;
    for (let c = 1; c < classes; c++) if (own[c]! > own[best]!) best = c;
    if (best === labels[i]) right++;
  }
  return right / labels.length;
}

async function verifyPairs(
  { features, dimension, labels }: DigitFeatures,
  random: Random,
  { stage, signal, onProgress }: MeasureOptions,
): Promise<PairVerification> {
  const units = unitRows(features, dimension);
  const cosine = (i: number, j: number): number => {
    let sum = 0;
    for (let d = 0; d < dimension; d++) sum += units[i * dimension + d]! * units[j * dimension + d]!;
    return Math.min(1, Math.max(-1, sum));
  };
  const histogram = new ScoreHistogram();
  const count = Math.min(labels.length, MAX_DIGITS);
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) histogram.add(cosine(i, j), labels[i] === labels[j]);
    if ((i + 1) % PAUSE_EVERY !== 0 && i + 1 < count) continue;
    onProgress?.({ stage, done: i + 1, total: count });
    await setImmediate();
    throwIfAborted(signal);
  }
  const points = histogram.operatingPoints();
  const drawn = drawPairs(labels, random);
  const scores = Float64Array.from(drawn, ([i, j]) => cosine(i, j));
  const same = Uint8Array.from(drawn, ([i, j]) => (labels[i] === labels[j] ? 1 : 0));
  const tarAtFar = FARS.map((far) => {
    const found = trueAcceptRate(points, far);
    return [String(far), found.kind === "measured" ? found.tar : null] as const;
  });
  return {
    genuinePairs: points.genuinePairs,
    impostorPairs: points.impostorPairs,
    accuracy: exactAccuracy({ scores, same }, contiguousFolds(drawn.length, 10)).mean,
    equalErrorRate: equalErrorRate(points).rate,
    areaUnderCurve: areaUnderCurve(points),
    tarAtFar: Object.fromEntries(tarAtFar),
  };
}

/** Pairs of different digits, genuine and impostor in turn, so that every fold holds as many of each. */
function drawPairs(labels: Uint8Array, random: Random): [number, number][] {
  return Array.from({ length: DRAWN_PAIRS }, (_, pair) => {
    for (;;) {
      const [i, j] = [random.below(labels.length), random.below(labels.length)];
      if (i !== j && (labels[i] === labels[j]) === (pair % 2 === 0)) return [i, j];
    }
  });
}

function unitRows(features: Float32Array, dimension: number): Float32Array {
  const units = new Float32Array(features.length);
  for (let at = 0; at < features.length; at += dimension) {
    const row = features.subarray(at, at + dimension);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    units.set(
      row.map((value) => value / length),
      at,
    );
  }
  return units;
}
