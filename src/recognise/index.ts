export { type CropOptions, CropPool, type CropResult } from "./crop-pool.ts";
export {
  type DonePhotograph,
  type EmbeddingsFile,
  EmbeddingsWriter,
  type FaceDescription,
  type FaceRecord,
  type LabelledVectors,
  type MadeBy,
  openEmbeddings,
  type ReadVectorsOptions,
  readEmbeddings,
  readVectors,
  recordsOf,
  writeEmbeddings,
} from "./embeddings/index.ts";
export { chooseFace, FACE_RULES, type Face, type FaceChoice, type FaceCrop, type FaceRule } from "./face.ts";
export { FACE_CACHE_NAME, FaceCache, faceCacheNameOf } from "./face-cache.ts";
export { FaceFinder, type FaceFinderOptions, type Photograph, type PictureWarning } from "./face-finder.ts";
export { type FaceQuality, faceQuality } from "./face-quality.ts";
export type { VerdictOptions } from "./find-judge.ts";
export {
  type CompreFaceAddress,
  type CompreFacePeople,
  calibrateGallery,
  type EnrolmentOptions,
  type EnrolmentResult,
  enrolPhotographs,
  exportGallery,
  type GalleryCalibration,
  type GalleryCalibrationOptions,
  type GalleryOperatingPoint,
  type ImportOptions,
  type ImportReport,
  importCompreFace,
  importFaces,
  type PersonToEnrol,
  type Portrait,
  type PortraitPhotograph,
  type PortraitSource,
  QUALITY_DEFAULTS,
  type QualityGate,
  type QualityReason,
  type ReembedSource,
  type ReindexGalleryOptions,
  type ReindexReport,
  type RejectReason,
  readCompreFace,
  reindexBy,
  reindexGallery,
} from "./gallery/index.ts";
export { measureStages, type StageFigures } from "./measure-stages.ts";
export { type Found, find, represent, verify } from "./one-call.ts";
export { type OpenedEmbedder, openDetector, openEmbedder, openNetworkFile } from "./open-models.ts";
export { isUnchanged, type PictureFile } from "./picture-file.ts";
export { finderOf, pipelineOf, pipelineOfCrops } from "./pipeline-of.ts";
export {
  type FiledPhotograph,
  type PhotographResult,
  type PictureResult,
  type PictureTasks,
  type PoolOptions,
  RecognizerPool,
} from "./pool.ts";
export { type Comparison, Recognizer, type RecognizerOptions } from "./recognizer.ts";
export { type PoolOpening, poolOptionsAmong, recognizerOptionsAmong } from "./recognizer-options.ts";
export { type EmbeddedFace, type PhotographHit, PhotographIndex } from "./search-photographs.ts";
export { SELF_TEST_MIN_COSINE, selfTest } from "./self-test.ts";
export { squareAround, thumbnail } from "./thumbnail.ts";
