/** The meaning of a score: verdicts by a calibration, and the threshold that keeps strangers from being taken for someone. */
export { describeVerdict, thresholdText } from "./describe-verdict.ts";
export {
  fpirAt,
  type GallerySize,
  type StrangerThreshold,
  strangersAt,
  strangerThreshold,
} from "./stranger-threshold.ts";
export {
  type ErrorRate,
  evidenceOf,
  judge,
  type Likelihood,
  type LookAlikeRate,
  type Policy,
  type ScoreEvidence,
  thresholdOf,
  type Verdict,
} from "./verdict.ts";
