export { type ChosenPair, chooseLookAlikes } from "./choose-look-alikes.ts";
export {
  type CollectedFaces,
  type CollectOptions,
  collectFaces,
  type RejectedPhotograph,
  type StudyFace,
} from "./collect-faces.ts";
export { type DeclaredPair, judgeDeclaredPairs, type ThresholdVerdict } from "./declared-pairs.ts";
export { type EvaluationPageInput, writeEvaluation } from "./evaluation-page.ts";
export { FACTORS, type Factor, type FactorInput } from "./factors.ts";
export type { Layout } from "./layouts.ts";
export { findLookAlikes, type LookAlikes } from "./look-alikes.ts";
export { findNearDuplicates, NEAR_DUPLICATE_COSINE, type NearDuplicate } from "./near-duplicates.ts";
export type { OcclusionMap } from "./occlusion.ts";
export { MAX_FACES, PairScores, type ScoredPair } from "./pair-scores.ts";
export { type WrittenReport, writeReport } from "./report/write-report.ts";
export {
  degrees,
  type NearFace,
  type PersonFigures,
  type RetrievalFigures,
  type RetrievalResult,
  retrieve,
} from "./retrieval.ts";
export { type OccludedPair, runStudy, STUDY_DEFAULTS, type Study, type StudyOptions } from "./run-study.ts";
export { type ScoreSeparation, separateScores } from "./score-separation.ts";
export {
  askWhy,
  type FactorEffect,
  type Measured,
  type PairEffect,
  type WhyOptions,
  type WhyReport,
} from "./why.ts";
