export {
  expectShallowYaml,
  linesOf,
  parseJson,
  readLines,
  readText,
  readTextSync,
} from "./bounded-text.ts";
export { bytesAt } from "./bytes-at.ts";
export { checkOptions, OPTION_KINDS, type OptionKind, optionsAmong, shown } from "./check-options.ts";
export { counted } from "./counted.ts";
export { expectNoDatabaseInUse, isDatabaseInUse } from "./database-in-use.ts";
export { draftOf } from "./draft.ts";
export { TELEMETRY_SETTLED, TELEMETRY_SWITCH } from "./engine-telemetry.ts";
export {
  type Complaint,
  ERROR_CODES,
  type ErrorCode,
  type ErrorParts,
  FaceError,
  type Fault,
  internal,
  reasonOf,
  sentenceOf,
  systemCode,
  wordsOf,
} from "./errors.ts";
export { float32Rows } from "./float32-rows.ts";
export {
  type Affine,
  applyAffine,
  type Box,
  intersectionOverSmaller,
  intersectionOverUnion,
  invertAffine,
  type Landmarks,
  type Point,
  type Space,
} from "./geometry.ts";
export { fromFloat16, toFloat16 } from "./half.ts";
export { noteOnMissingPath } from "./missing-path.ts";
export { momentOf } from "./moment.ts";
export { namingFile } from "./naming-file.ts";
export { nearestName } from "./nearest-name.ts";
export { legibleName, personName } from "./person-name.ts";
export { aborted, type Progress, throwIfAborted, type WorkOptions } from "./progress.ts";
export { type Random, seeded, seedOf } from "./random.ts";
export { elementCount } from "./shape.ts";
export { threadCount } from "./threads.ts";
export {
  asUnitVector,
  cosine,
  normalize,
  type ReadonlyFloat32,
  UNIT_TOLERANCE,
  type UnitVector,
} from "./vector.ts";
export { visibleText } from "./visible-text.ts";
