import { alignFace, facePart } from "../align/index.ts";
import {
  cosine,
  type Random,
  seeded,
  throwIfAborted,
  type UnitVector,
  type WorkOptions,
} from "../core/index.ts";
import { openPicture } from "../image/index.ts";
import type { Recognizer } from "../recognise/index.ts";
import { percentiles } from "../statistics/index.ts";
import type { StudyFace } from "./collect-faces.ts";
import { FACTORS, type FactorInput } from "./factors.ts";
import type { PairScores, ScoredPair } from "./pair-scores.ts";

/** A mean with its 95 % interval; null where nothing could be measured. */
export interface Measured {
  readonly mean: number;
  readonly interval: readonly [number, number];
}

/** How much one factor moves cosines. */
export interface FactorEffect {
  readonly id: string;
  readonly label: string;
  readonly kind: string;
  readonly what: string;
  /** Cosine of a face with itself, changed; 1 when the network does not see the change. */
  readonly self: Measured | null;
  /** Change of a pair's cosine when one of its faces is changed, and when both are. */
  readonly genuine: PairEffect | null;
  readonly lookAlike: PairEffect | null;
}

/** Changes of the cosine of pairs; negative when they become less alike. */
export interface PairEffect {
  readonly one: Measured;
  readonly both: Measured;
}

/** The factors that move the network's scores, on a selection of faces and pairs. */
export interface WhyReport {
  readonly faces: number;
  readonly genuinePairs: number;
  readonly lookAlikePairs: number;
  readonly factors: readonly FactorEffect[];
  /** For each face that was changed: its index, and its cosine with itself for each factor, in their order. */
  readonly perFace: readonly { readonly face: number; readonly self: readonly number[] }[];
}

/** How much of a study is asked why. */
export interface WhyOptions extends WorkOptions {
  /** Pairs of each kind, at most. @default 40 */
  readonly pairs?: number | undefined;
  readonly seed: number;
}

const PAIRS = 40;
/** Face pairs of the same two people among the look-alike pairs, at most. */
const PER_LOOK_ALIKES = 3;
const DRAWS = 200;

/** The pairs on which factors are tested: drawn from genuine ones, a person after the other, and the look-alike ones. */
export function selectPairs(
  scores: PairScores,
  count: number,
  random: Random,
): { genuine: ScoredPair[]; lookAlike: ScoredPair[] } {
  const drawn = scores.facesOf.map((faces) => random.shuffle(faces));
  const genuine: ScoredPair[] = [];
  const order = random.shuffle(drawn.map((_, person) => person));
  for (let round = 0; genuine.length < count; round += 2) {
    const before = genuine.length;
    for (const person of order) {
      const [a, b] = drawn[person]!.slice(round, round + 2);
      if (a === undefined || b === undefined || genuine.length >= count) continue;
      genuine.push({ first: Math.min(a, b), second: Math.max(a, b), cosine: scores.of(a, b) });
    }
    if (genuine.length === before) break;
  }
  const lookAlike = scores.highestImpostorsByPeople(count, PER_LOOK_ALIKES);
  return { genuine, lookAlike };
}

/** Changes one thing at a time about the faces of genuine and look-alike pairs, and measures what the cosines do. */
export async function askWhy(
  faces: readonly StudyFace[],
  scores: PairScores,
  recognizer: Recognizer,
  options: WhyOptions,
): Promise<WhyReport> {
  const random = seeded(options.seed);
  const { genuine, lookAlike } = selectPairs(scores, options.pairs ?? PAIRS, random);
  const asked = [...new Set([...genuine, ...lookAlike].flatMap(({ first, second }) => [first, second]))].sort(
    (a, b) => a - b,
  );
  const changed = new Map<number, UnitVector[]>();
  for (const [done, face] of asked.entries()) {
    throwIfAborted(options.signal);
    const input = await cutOut(faces[face]!, recognizer.cropSizePx);
    const crops = [input.crop];
    for (const factor of FACTORS) crops.push(await factor.apply(input));
    changed.set(face, await recognizer.embed(crops));
    options.onProgress?.({ stage: "why", done: done + 1, total: asked.length });
  }
  const perFace = asked.map((face) => {
    const [plain, ...variants] = changed.get(face)!;
    return { face, self: variants.map((variant) => cosine(plain!, variant)) };
  });
  const factors = FACTORS.map(({ apply: _, ...factor }, i) => ({
    ...factor,
    self: measured(
      perFace.map(({ self }) => self[i]!),
      random,
    ),
    genuine: pairEffect(genuine, changed, i + 1, random),
    lookAlike: pairEffect(lookAlike, changed, i + 1, random),
  }));
  return {
    faces: asked.length,
    genuinePairs: genuine.length,
    lookAlikePairs: lookAlike.length,
    factors,
    perFace,
  };
}

/** A face of the study cut out of its photograph again. */
export async function cutOut(face: StudyFace, sizePx: number): Promise<FactorInput> {
  const part = await facePart(await openPicture(face.path), face.landmarks, sizePx);
  return { ...part, crop: alignFace(part.image, part.landmarks, sizePx) };
}

function pairEffect(
  pairs: readonly ScoredPair[],
  changed: ReadonlyMap<number, readonly UnitVector[]>,
  variant: number,
  random: Random,
): PairEffect | null {
  const changes = pairs.map(({ first, second }) => {
    const a = changed.get(first)!;
    const b = changed.get(second)!;
    const before = cosine(a[0]!, b[0]!);
    const one = (cosine(a[variant]!, b[0]!) + cosine(a[0]!, b[variant]!)) / 2;
    return { one: one - before, both: cosine(a[variant]!, b[variant]!) - before };
  });
  const one = measured(
    changes.map((change) => change.one),
    random,
  );
  const both = measured(
    changes.map((change) => change.both),
    random,
  );
  return one && both && { one, both };
}

/** The mean, and the middle 95 % of means of resamples. */
function measured(values: readonly number[], random: Random): Measured | null {
  if (values.length === 0) return null;
  const meanOf = (of: readonly number[]): number => of.reduce((sum, value) => sum + value, 0) / of.length;
  const means = Array.from({ length: DRAWS }, () =>
    meanOf(values.map(() => values[random.below(values.length)]!)),
  );
  return { mean: meanOf(values), interval: percentiles(means) };
}
