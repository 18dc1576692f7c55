import { join } from "node:path";
import type { WorkOptions } from "../core/index.ts";
import type { Calibration } from "../models/index.ts";
import type { LabelledPhotograph } from "../photographs/index.ts";
import {
  FACE_CACHE_NAME,
  FaceCache,
  type FaceRule,
  poolOptionsAmong,
  Recognizer,
  type RecognizerOptions,
  RecognizerPool,
  recognizerOptionsAmong,
} from "../recognise/index.ts";
import { type CollectedFaces, collectFaces } from "./collect-faces.ts";
import { type DeclaredPair, judgeDeclaredPairs } from "./declared-pairs.ts";
import { type Layout, layOut } from "./layouts.ts";
import { findLookAlikes, type LookAlikes } from "./look-alikes.ts";
import { findNearDuplicates, type NearDuplicate } from "./near-duplicates.ts";
import { type OcclusionMap, occlude } from "./occlusion.ts";
import { PairScores } from "./pair-scores.ts";
import { type RetrievalResult, retrieve } from "./retrieval.ts";
import { type ScoreSeparation, separateScores } from "./score-separation.ts";
import { askWhy, cutOut, type WhyReport } from "./why.ts";

/** Options of a study. */
export interface StudyOptions extends RecognizerOptions, WorkOptions {
  /** Folder for the cache of faces; a second study that finds it there starts with what the first one found. */
  readonly cacheFolder: string;
  /** The face of a photograph that is the person's. @default "central" */
  readonly face?: Exclude<FaceRule, "only"> | undefined;
  readonly workers?: number | undefined;
  /** Neighbours of every face that are listed. @default 3 */
  readonly k?: number | undefined;
  /** Pairs of people who are said to look alike. */
  readonly lookAlikes?: readonly (readonly [string, string])[] | undefined;
  /** Look-alikes that are listed. @default 20 */
  readonly listed?: number | undefined;
  /** Pairs of each kind on which factors are tested; 0 leaves the section out. @default 40 */
  readonly whyPairs?: number | undefined;
  /** Look-alike pairs with an occlusion map. @default 6 */
  readonly occlusions?: number | undefined;
  /** Of the layouts and the selection. @default 1 */
  readonly seed?: number | undefined;
}

/** A pair of faces with what covering patches of either does to their cosine. */
export interface OccludedPair {
  readonly faces: readonly [number, number];
  readonly cosine: number;
  readonly maps: readonly [OcclusionMap, OcclusionMap];
}

/** Everything that was found out about a set of labelled photographs; faces are meant by their index. */
export interface Study extends CollectedFaces {
  readonly model: string;
  readonly dimension: number;
  readonly calibration: Calibration | undefined;
  readonly photographs: number;
  readonly seed: number;
  readonly scores: PairScores;
  readonly nearDuplicates: readonly NearDuplicate[];
  readonly layouts: readonly Layout[];
  readonly retrieval: RetrievalResult;
  /** The distance of genuine scores from impostor scores; undefined without pairs of both kinds. */
  readonly separation: ScoreSeparation | undefined;
  readonly lookAlikes: readonly LookAlikes[];
  readonly declared: readonly DeclaredPair[];
  readonly why: WhyReport | undefined;
  readonly occluded: readonly OccludedPair[];
}

/** Listed neighbours, look-alikes and pairs, unless the caller says otherwise. */
export const STUDY_DEFAULTS = {
  face: "central",
  k: 3,
  listed: 20,
  whyPairs: 40,
  occlusions: 6,
  seed: 1,
} as const;

/**
 * The article's study of labelled photographs: find the faces, map them, ask with each for its neighbours, list who
 * looks alike, and ask what the scores go by.
 *
 * Throws    FaceError USAGE for a declared pair without faces or too many faces; as `RecognizerPool.open`
 *
 * ```ts
 * import { labelledPhotographs, readPeopleFolder } from "arcface-ts/photographs";
 * import { runStudy, writeReport } from "arcface-ts/study";
 *
 * const photographs = labelledPhotographs(await readPeopleFolder("people/"));
 * const study = await runStudy(photographs, { cacheFolder: "study/" });
 * await writeReport(study, "study/");
 * ```
 */
export async function runStudy(
  photographs: readonly LabelledPhotograph[],
  options: StudyOptions,
): Promise<Study> {
  const { seed = STUDY_DEFAULTS.seed, k = STUDY_DEFAULTS.k, listed = STUDY_DEFAULTS.listed } = options;
  const work = { signal: options.signal, onProgress: options.onProgress };
  const { collected, ...model } = await collect(photographs, options);
  const { faces } = collected;
  const scores = new PairScores(faces);
  const lookAlikes = findLookAlikes(scores, listed);
  const threshold = model.calibration?.threshold;
  const { genuine, impostor } = scores.byKind();
  return {
    ...collected,
    ...model,
    photographs: photographs.length,
    seed,
    scores,
    nearDuplicates: findNearDuplicates(faces, scores),
    layouts: await layOut(
      faces.map((face) => face.embedding),
      { seed, ...work },
    ),
    retrieval: retrieve(scores, k),
    separation: separateScores(genuine, impostor),
    lookAlikes,
    declared: judgeDeclaredPairs(scores, options.lookAlikes ?? [], threshold),
    ...(await explain(collected, scores, lookAlikes, options)),
  };
}

async function collect(photographs: readonly LabelledPhotograph[], options: StudyOptions) {
  await using pool = await RecognizerPool.open(poolOptionsAmong(options));
  await using cache = await FaceCache.open(join(options.cacheFolder, FACE_CACHE_NAME), pool.pipeline);
  const collected = await collectFaces(photographs, pool, cache, options);
  const { model, dimension, calibration } = pool;
  return { collected, model, dimension, calibration };
}

/** The part of a study that embeds changed pictures of a selection of its faces. */
async function explain(
  { faces }: CollectedFaces,
  scores: PairScores,
  lookAlikes: readonly LookAlikes[],
  options: StudyOptions,
): Promise<Pick<Study, "why" | "occluded">> {
  const pairs = options.whyPairs ?? STUDY_DEFAULTS.whyPairs;
  if (pairs === 0 || scores.faces < 2) return { why: undefined, occluded: [] };
  await using recognizer = await Recognizer.open(recognizerOptionsAmong(options));
  const why = await askWhy(faces, scores, recognizer, {
    pairs,
    seed: options.seed ?? STUDY_DEFAULTS.seed,
    signal: options.signal,
    onProgress: options.onProgress,
  });
  const selected = lookAlikes.slice(0, options.occlusions ?? STUDY_DEFAULTS.occlusions);
  const occluded: OccludedPair[] = [];
  for (const [done, pair] of selected.entries()) {
    const [a, b] = [faces[pair.faces[0]]!, faces[pair.faces[1]]!];
    const crops = [await cutOut(a, recognizer.cropSizePx), await cutOut(b, recognizer.cropSizePx)] as const;
    occluded.push({
      faces: pair.faces,
      cosine: pair.cosine,
      maps: [
        await occlude(crops[0].crop, b.embedding, recognizer, options),
        await occlude(crops[1].crop, a.embedding, recognizer, options),
      ],
    });
    options.onProgress?.({ stage: "occlusion maps", done: done + 1, total: selected.length });
  }
  return { why, occluded };
}
