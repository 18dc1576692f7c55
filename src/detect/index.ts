export {
  DETECTOR_VERSIONS,
  type Detection,
  type DetectOptions,
  type Detector,
  smallestFace,
} from "./detector.ts";
export { type FoundFaces, findFaces, type LookOptions } from "./find-faces.ts";
export { MTCNN_DEFAULTS, MtcnnDetector, type MtcnnNet, type MtcnnNets } from "./mtcnn.ts";
export { type Candidate, suppressNonMaxima } from "./non-maximum-suppression.ts";
export { YUNET_DEFAULTS, YunetDetector } from "./yunet.ts";
