/** Identity preservation: the share of a person that is left in a result, an edit, a swap, a restoration, a generation. */
export { type ConventionRow, conventionJudges, conventionsTable } from "./conventions.ts";
export type { FaceFacts, SeenPicture } from "./face-reader.ts";
export {
  type FaceFactsJson,
  type IdentityJson,
  type IdentityPairJson,
  identityCsv,
  identityJson,
} from "./identity-json.ts";
export { IdentityPool, type IdentityPoolOptions, type SeenResult } from "./identity-pool.ts";
export {
  IdentityMeter,
  type IdentityMeterOptions,
  identityScore,
  type RgbBatch,
} from "./identity-score.ts";
export type { IdentityJudge, JudgeChoice, JudgeSpec, NetworkMatch } from "./judge.ts";
export {
  type IdentityFailure,
  type IdentityOptions,
  type IdentityReport,
  type JudgeAgreement,
  measureIdentity,
} from "./measure-identity.ts";
export type { IdentityPairs, ResultPair, SourcePerson } from "./pairs/identity-pairs.ts";
export { type PairingOptions, pairByName } from "./pairs/pair-by-name.ts";
export { readIdentityPairs } from "./pairs/pairs-csv.ts";
export {
  DEFAULT_PROTOCOL,
  type IdentityProtocol,
  identityProtocol,
  identityProtocols,
  protocolDigest,
  readIdentityProtocol,
} from "./protocol.ts";
export { writeIdentityReport } from "./report/write-identity-report.ts";
export {
  EXPLANATIONS,
  type IdentityMean,
  type IdentityPair,
  type IdentitySummary,
  type JudgedPairs,
  SOURCE_RULES,
  type SourceRule,
} from "./score-judge.ts";
export {
  measureVideo,
  type VideoFigures,
  type VideoOptions,
  type VideoReport,
} from "./video/measure-video.ts";
export { type FrameOptions, isVideo, readFrames, type VideoFrame } from "./video/read-frames.ts";
