import { toFloat16, type UnitVector } from "../../core/index.ts";
import { piecesOf } from "./find-bytes.ts";

/** JPEG files of one encoder begin with the same tables. */
const JPEG_TABLES_BYTES = 800;

/** Shorter texts turn up by chance. */
export const MIN_TEXT_BYTES = 6;

/** What a vector looks like in a file: float32, and half precision, which indexes keep. */
export function piecesOfVector(vector: UnitVector): Uint8Array[] {
  const floats = Float32Array.from(vector);
  return [floats, toFloat16(floats)].flatMap((values) => piecesOf(new Uint8Array(values.buffer)));
}

/** What a crop's JPEG file looks like in another file, behind what it shares with every other. */
export function piecesOfCrop(jpeg: Uint8Array): Uint8Array[] {
  return piecesOf(jpeg, Math.min(JPEG_TABLES_BYTES, jpeg.length >> 1));
}
