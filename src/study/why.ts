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
import { meanByPeople } from "../statistics/index.ts";
import type { StudyFace } from "./collect-faces.ts";
import { FACTORS, type FactorInput } from "./factors.ts";
import type { PairScores, ScoredPair } from "./pair-scores.ts";

/** A mean with its 95 % interval under other draws of people, which is null where there is only one. */
export interface Measured {
  readonly mean: number;
  readonly interval: readonly [number, number] | null;
}

/** The amount by which one factor moves cosines. */
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

/** The part of a study that is asked why. */
export interface WhyOptions extends WorkOptions {
  /** Pairs of each kind, at most. @default 40 */
  readonly pairs?: number | undefined;
  readonly seed: number;
}

const PAIRS = 40;
/** Face pairs of the same two people among the look-alike pairs, at most. */
const PER_LOOK_ALIKES = 3;

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
      perFace.map(({ face, self }) => ({
        value: self[i]!,
        a: scores.person[face]!,
        b: scores.person[face]!,
      })),
    ),
    genuine: pairEffect(genuine, scores, changed, i + 1),
    lookAlike: pairEffect(lookAlike, scores, changed, i + 1),
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
  { person }: PairScores,
  changed: ReadonlyMap<number, readonly UnitVector[]>,
  variant: number,
): PairEffect | null {
  const changes = pairs.map(({ first, second }) => {
    const a = changed.get(first)!;
    const b = changed.get(second)!;
    const before = cosine(a[0]!, b[0]!);
    const one = (cosine(a[variant]!, b[0]!) + cosine(a[0]!, b[variant]!)) / 2;
    const people = { a: person[first]!, b: person[second]! };
    return { ...people, one: one - before, both: cosine(a[variant]!, b[variant]!) - before };
  });
  const one = measured(changes.map((change) => ({ ...change, value: change.one })));
  const both = measured(changes.map((change) => ({ ...change, value: change.both })));
  return one && both && { one, both };
}

function measured(values: Parameters<typeof meanByPeople>[0]): Measured | null {
  return values.length === 0 ? null : meanByPeople(values);
}
