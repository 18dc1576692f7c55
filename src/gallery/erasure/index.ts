export { countMarks, type MarkedFile, PART_BYTES } from "./find-marks.ts";
export {
  type ErasureEngine,
  emptyErasure,
  type FileSearch,
  finishBegun,
  finishOnOpening,
  keptReceipts,
  orLater,
} from "./finish.ts";
export { Marks } from "./marks.ts";
export { type MergeEffect, type MergeEntry, Merges } from "./merges.ts";
export {
  formsOfVector,
  type Piece,
  type PieceKind,
  piecesOfCrop,
  piecesOfText,
  piecesOfVector,
} from "./pieces.ts";
export { searchFiles } from "./search-files.ts";
export {
  type BegunErasure,
  beginTask,
  type ErasureRow,
  type ErasureTask,
  type Traces,
  taskOf,
} from "./task.ts";
