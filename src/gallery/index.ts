export {
  type GalleryAddress,
  type MilvusConsistency,
  type MilvusIndexKind,
  parseAddress,
} from "./address.ts";
export type { Identification, IdentifyOptions, Verification } from "./answers.ts";
export type { AskedAmongOthers, AskOptions } from "./ask-among-others.ts";
export type {
  Change,
  ChangeKind,
  Effect,
  FaceContent,
  FaceEffect,
  FaceState,
  LinkEffect,
  LinkState,
  LogEntry,
  PersonEffect,
  PersonState,
} from "./change.ts";
export { checkGallery, type GalleryCheck } from "./check-gallery.ts";
export type { ShowReceipt } from "./erasure/forgetting.ts";
export { type Applied, Gallery, type GalleryOptions } from "./gallery.ts";
export {
  expectPipeline,
  type GalleryPipeline,
  galleryDigest,
  isKnown,
  type UnknownPipeline,
} from "./gallery-pipeline.ts";
export type { GalleryRecords } from "./gallery-records.ts";
export { galleryShape } from "./gallery-shape.ts";
export {
  type HeldShare,
  JOB_STEPS,
  type Job,
  type JobCounts,
  type JobProgress,
  type JobState,
  type JobStep,
  type KeptOutcome,
  type NewJob,
  type NewShare,
  type ShareLease,
  type ShareOutcome,
  type SharePart,
} from "./jobs/job.ts";
export type { JobStore } from "./jobs/job-store.ts";
export type { Link } from "./links.ts";
export { createStore, openStore } from "./open-store.ts";
export type { Page } from "./page.ts";
export type { Candidate } from "./people-search.ts";
export { meanDirection, personScore, SHORTLIST, TOO_CLOSE } from "./person-score.ts";
export { type Answer, type Answered, isUnknownName, unknownName } from "./plan-answer.ts";
export type { Enrolled, Enrolment } from "./plans.ts";
export {
  type GalleryFace,
  type NewFace,
  type Person,
  type PersonHit,
  type Provenance,
  ProvenanceSchema,
} from "./records.ts";
export type { Reindexed, ReindexOptions } from "./reindexing.ts";
export type { Respelling } from "./respelling.ts";
export type { Scatter } from "./scatter.ts";
export type {
  ErasedPerson,
  Erasure,
  FaceToEmbed,
  FormerPerson,
  GallerySettings,
  GalleryStore,
  KeptReceipts,
  SearchedFile,
  StoreStats,
} from "./store.ts";
