export {
  type BootstrapOptions,
  bootstrapByIdentity,
  bootstrapMean,
  type IdentifiedScores,
  type Interval,
  percentiles,
  RESAMPLES,
} from "./bootstrap.ts";
export { areaUnderCurve, type DetPoint, detCurve, type RocPoint, rocCurve } from "./curves.ts";
export { type ScoreMoments, type ScoreSpread, scoreSpread } from "./d-prime.ts";
export { type EqualErrorRate, equalErrorRate } from "./equal-error-rate.ts";
export { errorVersusReject, type RejectPoint } from "./error-versus-reject.ts";
export {
  bestThreshold,
  contiguousFolds,
  exactAccuracy,
  type FoldAccuracy,
  gridAccuracy,
  gridAccuracyOfDistances,
  stratifiedFolds,
} from "./fold-accuracy.ts";
export { type GroupErrors, groupErrors, type PairGroups, UNKNOWN_GROUP } from "./group-errors.ts";
export {
  type GallerySearch,
  type IdentificationRate,
  identificationRate,
  outcomeOf,
  rankAccuracy,
  type SearchOutcome,
} from "./identification.ts";
export { type LikelihoodStep, likelihoodRatios, log10LikelihoodRatio } from "./likelihood-ratio.ts";
export {
  errorCountsAt,
  type LabelledScores,
  type OperatingPoints,
  operatingPoints,
  operatingPointsOf,
  pointsWithin,
  type RankedPairs,
  rankPairs,
} from "./operating-points.ts";
export { probit } from "./probit.ts";
export { CONFIDENCE, clopperPearson, type RateInterval } from "./rate-interval.ts";
export { ScoreHistogram } from "./score-histogram.ts";
export { drawPeople, type ScoredPairs, type Separation, separations } from "./separation.ts";
export {
  angleFromCosine,
  cosineFromAngle,
  cosineFromSquaredDistance,
  squaredDistanceFromCosine,
  type ThresholdUnits,
  thresholdUnits,
} from "./threshold-units.ts";
export { FAR_TARGETS, type TrueAcceptRate, trueAcceptRate } from "./true-accept-rate.ts";
