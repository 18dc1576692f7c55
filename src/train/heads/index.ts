export { adaFace } from "./adaface.ts";
export { ARCFACE_GRADIENTS, type ArcFaceGradient, arcFace, arcFaceTarget } from "./arcface.ts";
export { buildHead, HEADS, type HeadConfig, HeadConfigSchema, type HeadSettings } from "./catalogue.ts";
export { CENTRES, classCentres, cosinesBetween } from "./class-centres.ts";
export { combined } from "./combined.ts";
export { cosFace } from "./cosface.ts";
export { elasticFace, MARGINS } from "./elasticface.ts";
export { defineHead, type Head, type HeadInput, type HeadOutput } from "./head.ts";
export { magFace } from "./magface.ts";
export {
  adaFaceMargin,
  arcFaceMargin,
  combinedMargin,
  cosFaceMargin,
  type MarginFunction,
  NO_MARGIN,
  sphereFaceMargin,
} from "./margin-function.ts";
export { marginLoss } from "./margin-loss.ts";
export { normalisedSoftmax } from "./normalised-softmax.ts";
export { type OwnClass, ownClass } from "./own-class.ts";
export {
  type ClassSampling,
  SAMPLED_CLASSES,
  type SampledClasses,
  sampleClasses,
  sampledClassCount,
} from "./sampled-classes.ts";
export { softmax } from "./softmax.ts";
export { sphereFace, sphereFaceTarget } from "./sphereface.ts";
export { subCenterArcFace } from "./sub-center-arcface.ts";
export { withoutMargin } from "./without-margin.ts";
