export { CENTERFACE_DEFAULTS, CenterFaceDetector } from "./centerface.ts";
export { type CenterFaceNames, CenterFaceNet } from "./centerface-net.ts";
export {
  DETECTOR_VERSIONS,
  type Detection,
  type DetectOptions,
  type Detector,
  FOLLOWING_FAMILIES,
  smallestFace,
} from "./detector.ts";
export { faceInBox } from "./face-in-box.ts";
export { type FoundFaces, findFaceAgain, findFaces, type LookOptions } from "./find-faces.ts";
export { LandmarkNet, type LandmarkNetNames } from "./landmark-net.ts";
export { MTCNN_DEFAULTS, MtcnnDetector, type MtcnnNets, type MtcnnThresholds } from "./mtcnn.ts";
export { MTCNN_RFB_DEFAULTS, MtcnnRfbDetector } from "./mtcnn-rfb.ts";
export { type ScoredBox, suppressNonMaxima } from "./non-maximum-suppression.ts";
export { type CropNet, OutputNet, type OutputNetNames } from "./output-net.ts";
export { RfbNet, type RfbNetNames } from "./rfb-net.ts";
export type { Look } from "./view.ts";
export { YUNET_DEFAULTS, YunetDetector } from "./yunet.ts";
