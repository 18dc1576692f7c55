import { toFloat16, type UnitVector } from "../../core/index.ts";

/** The kind of a piece: pieces kept of others are held against pieces of the same kind only. */
export type PieceKind = "text" | "vector" | "crop";

/** Bytes that stand for something that must be gone: if they are still in a file, some of it is. */
export interface Piece {
  readonly kind: PieceKind;
  readonly bytes: Uint8Array;
  /** The text that a piece of kind "text" stands for. */
  readonly text?: string;
}

/** Length of a piece of a vector or a crop. */
export const PIECE_BYTES = 24;
/** Distance of the pieces that stand for a value, so that a part of it that survived is found too. */
export const PIECE_STEP = 192;
/** A piece of fewer different bytes turns up by chance: files are full of zeros. */
const MIN_DIFFERENT = 8;
/** As {@link MIN_DIFFERENT}, for the bytes by which places are chosen that are looked at closely. */
const MIN_DIFFERENT_HEAD = 3;

/** Length of a piece's beginning by which it is looked for. */
export const HEAD_BYTES = 6;

/** Shorter texts turn up by chance. */
export const MIN_TEXT_BYTES = HEAD_BYTES;

/** JPEG files of one encoder begin with the same tables. */
const JPEG_TABLES_BYTES = 800;

/** A vector's bytes in a file: float32, and half precision, which indexes keep. Empty for a vector of few values. */
export function piecesOfVector(vector: UnitVector): Piece[] {
  return formsOfVector(vector).flatMap((bytes) => piecesOf("vector", bytes));
}

/** A vector's bytes in single and in half precision, little-endian. */
export function formsOfVector(vector: UnitVector): Uint8Array[] {
  const floats = Float32Array.from(vector);
  return [floats, toFloat16(floats)].map((values) => new Uint8Array(values.buffer));
}

/** The bytes of a crop's JPEG file in another file, behind what it shares with every other. */
export function piecesOfCrop(jpeg: Uint8Array): Piece[] {
  return piecesOf("crop", jpeg, Math.min(JPEG_TABLES_BYTES, jpeg.length >> 1));
}

/** A text's bytes in a file: as it is, and as JSON has it. Empty for a text that turns up by chance. */
export function piecesOfText(text: string): Piece[] {
  const forms = new Set([text, JSON.stringify(text).slice(1, -1)]);
  return [...forms].flatMap((form): Piece[] => {
    const bytes = Buffer.from(form);
    return bytes.length < MIN_TEXT_BYTES ? [] : [{ kind: "text", bytes, text }];
  });
}

/**
 * Pieces that stand for a value.
 *
 * @param from where to begin
 */
function piecesOf(kind: PieceKind, value: Uint8Array, from = 0): Piece[] {
  const pieces: Piece[] = [];
  for (let step = from; step + PIECE_BYTES <= value.length; step += PIECE_STEP) {
    const last = Math.min(step + PIECE_STEP, value.length - PIECE_BYTES + 1);
    for (let start = step; start < last; start++) {
      const bytes = value.slice(start, start + PIECE_BYTES);
      if (!isTelling(bytes)) continue;
      pieces.push({ kind, bytes });
      break;
    }
  }
  return pieces;
}

function isTelling(bytes: Uint8Array): boolean {
  return (
    new Set(bytes).size >= MIN_DIFFERENT && new Set(bytes.subarray(0, HEAD_BYTES)).size >= MIN_DIFFERENT_HEAD
  );
}
