/**
 * arcface: photographs in, similarity out.
 *
 * `verify`, `find` and `represent` do one thing in one call. `Recognizer` is the whole journey of one image; `RecognizerPool` the same for many, on every core.
 */
export {
  type AlignedFace,
  alignFace,
  alignmentTemplate,
  asAlignedFace,
  type HeadPose,
  headPose,
} from "./align/index.ts";
export {
  type Affine,
  asUnitVector,
  type Box,
  type Complaint,
  cosine,
  counted,
  ERROR_CODES,
  type ErrorCode,
  type ErrorParts,
  FaceError,
  type Fault,
  internal,
  type Landmarks,
  momentOf,
  normalize,
  type Point,
  type Progress,
  parseJson,
  type Random,
  type ReadonlyFloat32,
  reasonOf,
  type Space,
  seeded,
  sentenceOf,
  systemCode,
  threadCount,
  throwIfAborted,
  type UnitVector,
  visibleText,
  type WorkOptions,
  wordsOf,
} from "./core/index.ts";
export type { Detection, DetectOptions } from "./detect/index.ts";
export {
  Embedder,
  type EmbedderContract,
  type EmbedOptions,
  type FaceEmbedder,
  FusedEmbedder,
  type MeasuredVector,
} from "./embed/index.ts";
export {
  type ImageSource,
  type RawPixels,
  type ReadImageOptions,
  RgbImage,
  readImage,
} from "./image/index.ts";
export {
  type Calibration,
  type ContractOptions,
  type ModelCard,
  ModelStore,
  type ModelStoreOptions,
  type Pipeline,
  readCalibration,
  writeCalibration,
} from "./models/index.ts";
export { listPhotographs, type PassedOver, type PhotographList } from "./photographs/index.ts";
export {
  type Comparison,
  chooseFace,
  EmbeddingsWriter,
  type Face,
  type FaceChoice,
  type FaceCrop,
  FaceFinder,
  type FaceFinderOptions,
  type FaceQuality,
  type FaceRecord,
  type FaceRule,
  type Found,
  find,
  openEmbeddings,
  type Photograph,
  type PhotographHit,
  PhotographIndex,
  type PhotographResult,
  type PictureWarning,
  Recognizer,
  type RecognizerOptions,
  RecognizerPool,
  readEmbeddings,
  recordsOf,
  represent,
  thumbnail,
  type VerdictOptions,
  verify,
} from "./recognise/index.ts";
export { type FetchNews, onFetch } from "./registry/index.ts";
export { ExactIndex, type GroupNeighbour, type Neighbour, type VectorIndex } from "./search/index.ts";
export type { Policy, ScoreEvidence, Verdict } from "./verdict/index.ts";
