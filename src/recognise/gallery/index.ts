export {
  calibrateGallery,
  type GalleryCalibration,
  type GalleryCalibrationOptions,
  type GalleryOperatingPoint,
} from "./calibrate-gallery.ts";
export {
  type CompreFaceAddress,
  type CompreFacePeople,
  importCompreFace,
  readCompreFace,
} from "./compreface-people.ts";
export {
  type EnrolmentOptions,
  type EnrolmentResult,
  enrolPhotographs,
  type PersonToEnrol,
  type PortraitSource,
  type RejectReason,
} from "./enrol-photographs.ts";
export { exportGallery, type ImportOptions, type ImportReport, importFaces } from "./exchange.ts";
export type { Portrait, PortraitPhotograph } from "./portrait.ts";
export { QUALITY_DEFAULTS, type QualityGate, type QualityReason } from "./quality.ts";
export {
  type ReembedSource,
  type ReindexGalleryOptions,
  type ReindexReport,
  reindexBy,
  reindexGallery,
} from "./reindex-gallery.ts";
