export { findBytes, piecesOf } from "./find-bytes.ts";
