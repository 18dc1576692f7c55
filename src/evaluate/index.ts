export {
  type CentreAngles,
  centreAngles,
  type FeatureSpace,
  type LabelledFeatures,
  measureFeatureSpace,
} from "./feature-space.ts";
export * from "./metrics/index.ts";
export { type PersonPhotographs, samplePeople } from "./people-folder.ts";
export {
  cardOfProbe,
  NORMALIZATIONS,
  type Normalization,
  type ProbeCandidate,
  type ProbeOptions,
  type ProbeReport,
  probeContract,
} from "./probe-contract.ts";
export { drawPeople, interval95, type ScoredPairs, type Separation, separations } from "./separation.ts";
