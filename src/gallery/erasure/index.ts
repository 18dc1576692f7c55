export { findBytes, findBytesIn, PART_BYTES, piecesOf } from "./find-bytes.ts";
export { MIN_TEXT_BYTES, piecesOfCrop, piecesOfVector } from "./pieces.ts";
