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
  type Examples,
  examplesOf,
  identitySampler,
  loadMnist,
  type Mnist,
  NO_AUGMENTATION,
  openExamples,
  openPack,
  openRecords,
  type PackEncoding,
  type PackedSet,
  type PackOptions,
  type PackReport,
  packFolder,
  packRecords,
  picturesPerClass,
  pixelSet,
  type RecordSet,
  type Sampler,
  type Split,
  shuffledSampler,
  splitByIdentity,
} from "./data/index.ts";
export * from "./heads/index.ts";
export { parseTrainConfig, readSettings, type TrainConfig, type TrainSettings } from "./run/config.ts";
export { readEvents } from "./run/event-log.ts";
export type { RunEvent, StepMeasures } from "./run/events.ts";
export { type RunOptions, runTraining } from "./run/run.ts";
export type { RunReport } from "./run/run-journal.ts";
export { learningRateAt, type Schedule } from "./run/schedule.ts";
export { train } from "./run/train.ts";
export { type Verification, verify } from "./run/verification.ts";
export {
  adamW,
  type Head as StepHead,
  lars,
  type Optimiser,
  type StepResult,
  sgd,
  TrainingStep,
  type TrainingStepOptions,
} from "./step/index.ts";
