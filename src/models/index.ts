export {
  type Calibration,
  CalibrationSchema,
  calibrationPathOf,
  expectCalibrationFor,
  findCalibration,
  installedCalibrationPath,
  misfitOf,
  readCalibration,
  writeCalibration,
} from "./calibration.ts";
export {
  type CardFile,
  type CardSource,
  type CheckpointCard,
  type DetectCard,
  type EmbedCard,
  EmbedderContractSchema,
  type FusionCard,
  type ModelCard,
  ModelCardSchema,
  type Preset,
  parseContract,
} from "./card.ts";
export { BUILT_IN_CARDS, DEFAULT_MODELS } from "./cards.ts";
export { type ConvertOptions, type ConvertReport, convertFile } from "./convert-file.ts";
export type { GraphOptions } from "./convert-graph.ts";
export {
  type FileReport,
  type GraphReport,
  type GraphSide,
  inspectFile,
  type NetworkReport,
  type Recognition,
  type TensorLine,
} from "./inspect-file.ts";
export { isModelFile, type ModelFile, prepareModelFile, readModelFile, type Sides } from "./model-file.ts";
export { networkOfCard } from "./network-of-card.ts";
export { cardPathOf, type OwnCard, OwnCardSchema, readOwnCard, writeOwnCard } from "./own-card.ts";
export {
  type ContractOptions,
  cardOfFile,
  type KnownContract,
  knownContract,
  type OwnModel,
  presetNames,
  readOwnModel,
} from "./own-model.ts";
export { ILL_CONDITIONED, roundingNote } from "./passes.ts";
export {
  detectorDigest,
  fusionOf,
  networkOf,
  type Pipeline,
  type PipelineDifference,
  PipelineSchema,
  pipelineDifference,
  pipelineDigest,
} from "./pipeline.ts";
export {
  PREPARE_RTOL,
  type PreparedNetwork,
  type PrepareOptions,
  type PrepareReport,
  prepareNetwork,
} from "./prepare.ts";
export { type CheckpointReport, prepareCheckpoint } from "./prepare-checkpoint.ts";
export type { Prepared } from "./prepared-cache.ts";
export { sha256, sha256OfFile } from "./sha256.ts";
export { type FileState, ModelStore, type ModelStoreOptions, type StoredModel } from "./store.ts";
