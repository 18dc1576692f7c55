/**
 * Training: data → batches → network → margin head → loss → gradients → optimiser → checkpoint.
 *
 * `train` is a whole run with everything around it; `src/train/run/run.ts` shows its chapters a line each.
 */

export {
  type Augmentation,
  type Batch,
  BatchLoader,
  type BatchLoaderOptions,
  type Digits,
  type ExampleSet,
  type ExampleSource,
  type Examples,
  examplesOf,
  identitySampler,
  loadMnist,
  type Mnist,
  NO_AUGMENTATION,
  type OpenedExamples,
  openExamples,
  openPack,
  openRecords,
  type PackEncoding,
  type PackedSet,
  type PackHeader,
  type PackOptions,
  type PackReport,
  type PictureShape,
  type Pictures,
  packFolder,
  packRecords,
  picturesPerClass,
  pixelSet,
  type RecordSet,
  type Replaced,
  type Sampler,
  type Split,
  type SplitOptions,
  shuffledSampler,
  splitByIdentity,
} from "./data/index.ts";
export * from "./heads/index.ts";
export { parseTrainConfig, readSettings, type TrainConfig, type TrainSettings } from "./run/config.ts";
export { readEvents } from "./run/event-log.ts";
export type { RunEvent, StepMeasures } from "./run/events.ts";
export type { OptimiserConfig } from "./run/optimiser-config.ts";
export { runTraining } from "./run/run.ts";
export type { RunReport } from "./run/run-journal.ts";
export type { RunOptions } from "./run/run-options.ts";
export { learningRateAt, type Schedule, type ScheduleFrame } from "./run/schedule.ts";
export { train } from "./run/train.ts";
export { type HeldOutVerification, verifyHeldOut } from "./run/verification.ts";
export {
  type AdamWOptions,
  adamW,
  type HeadResult,
  type LarsOptions,
  lars,
  type Optimiser,
  type SgdOptions,
  type StepBatch,
  type StepDefinition,
  type StepHead,
  type StepResult,
  sgd,
  type Trained,
  TrainingStep,
  type TrainingStepOptions,
  type WeightDecay,
} from "./step/index.ts";
