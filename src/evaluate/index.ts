export {
  type CalibrateOptions,
  type CalibrationEvidence,
  calibrate,
  evidenceOfPairs,
  evidenceOfPeople,
} from "./calibrate.ts";
export { withGroups } from "./calibrate-groups.ts";
export {
  type CentreAngles,
  centreAngles,
  type FeatureSpace,
  type LabelledFeatures,
  measureFeatureSpace,
} from "./feature-space.ts";
export {
  type AllPairsReport,
  type IdentificationReport,
  measureAllPairs,
  measureIdentification,
} from "./identification.ts";
export type { LookAlikeRates } from "./look-alikes.ts";
export {
  type EmbedPicturesOptions,
  embedPictures,
  type MeasuredPicture,
  type MeasuredPictures,
  type PictureFace,
} from "./pictures/index.ts";
export { type PoolingOptions, poolTemplates } from "./pool-templates.ts";
export {
  cardOfProbe,
  NORMALIZATIONS,
  type Normalization,
  type ProbeCandidate,
  type ProbeOptions,
  type ProbeReport,
  probeContract,
} from "./probe-contract.ts";
export {
  countPairs,
  drawTemplatePairs,
  type LabelledPeople,
  type ListedPicture,
  type PairList,
  type PictureGroups,
  pairsOfPeople,
  peopleOfFolder,
  readGroups,
  readInsightFaceBin,
  readLfwPairs,
  readPairsCsv,
  readTemplatePairs,
  readTemplates,
  type Template,
  type TemplateList,
} from "./protocols/index.ts";
export { FAILED_SCORE, type PairFailures, type ScoredPairList, scorePairs } from "./score-pairs.ts";
export type { SeveralFaces } from "./several-faces.ts";
export {
  type AcceptFigure,
  BY_PEOPLE,
  type Differentials,
  differentialsOf,
  type Figure,
  type GroupFigures,
  measureGroups,
  measureVerification,
  type VerificationOptions,
  type VerificationReport,
} from "./verification.ts";
