export {
  type Calibration,
  type CardFile,
  type CardSource,
  type DetectCard,
  type EmbedCard,
  EmbedderContractSchema,
  type ModelCard,
  ModelCardSchema,
  parseContract,
} from "./card.ts";
export { BUILT_IN_CARDS, DEFAULT_MODELS } from "./cards.ts";
export { type ContractOptions, cardPathOf, isModelFile, type OwnModel, readOwnModel } from "./own-model.ts";
export {
  PREPARE_RTOL,
  type PreparedNetwork,
  type PrepareOptions,
  type PrepareReport,
  prepareNetwork,
} from "./prepare.ts";
export {
  type FileState,
  ModelStore,
  type ModelStoreOptions,
  type StoredModel,
  sha256,
  sha256OfFile,
} from "./store.ts";
