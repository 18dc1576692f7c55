export { accuracyInterval } from "./accuracy-interval.ts";
export { areaInterval } from "./auc-by-people.ts";
export {
  acceptInterval,
  curveThresholds,
  equalErrorInterval,
  justAbove,
  thresholdInterval,
} from "./curve-intervals.ts";
export { areaUnderCurve, type DetPoint, detPoints, type RocPoint, rocPoints } from "./curves.ts";
export { type ScoreMoments, type ScoreSpread, scoreSpread } from "./d-prime.ts";
export { type Differential, differential, type GroupRate } from "./differential.ts";
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
export type { IdentifiedScores, Interval } from "./identified-scores.ts";
export { jackknifeInterval } from "./jackknife.ts";
export { type LocalLikelihood, localLikelihoods } from "./local-likelihood.ts";
export { type MeanInterval, meanByPeople, type PeoplesValue } from "./mean-by-people.ts";
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
export { PairTally, type TalliedRates } from "./pair-tally.ts";
export { probit } from "./probit.ts";
export { quantile } from "./quantile.ts";
export { rankCorrelation } from "./rank-correlation.ts";
export type { RankedScores } from "./rank-scores.ts";
export { acceptedShare, rateOfPeople, rejectedShare } from "./rate-by-people.ts";
export { CONFIDENCE, clopperPearson, type RateInterval } from "./rate-interval.ts";
export { ScoreHistogram } from "./score-histogram.ts";
export { type ScoredPairs, type Separation, type Separations, separations } from "./separation.ts";
export {
  eachTwoPeople,
  falseMatchRate,
  falseNonMatchRate,
  type TalliedScores,
  tallyScores,
} from "./tally-scores.ts";
export {
  angleFromCosine,
  cosineFromAngle,
  cosineFromSquaredDistance,
  squaredDistanceFromCosine,
  type ThresholdUnits,
  thresholdUnits,
} from "./threshold-units.ts";
export { FAR_TARGETS, type TrueAcceptRate, trueAcceptRate } from "./true-accept-rate.ts";
