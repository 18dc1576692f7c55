import { bytesAt, FaceError } from "../../core/index.ts";
import type { PictureShape } from "./example-set.ts";

/** First bytes of a pack; see docs/formats.md. */
export const PACK_MAGIC = "ARCFPACK";
export const PACK_VERSION = 1;
export const PACK_HEADER_BYTES = 64;
/** Length (u32), CRC-32 (u32) and the key of what the picture was made from, in front of every picture. */
export const RECORD_HEADER_BYTES = 40;
export const KEY_BYTES = 32;
/** Offset (u64) of the record, length (u32) of the picture, label (u32), CRC-32 (u32) of the picture. */
export const INDEX_ENTRY_BYTES = 20;
export const DIGEST_BYTES = 32;

/** Encoding of the pictures of a pack: plain pixels, or the bytes of a picture file. */
export type PackEncoding = "raw" | "file";
const ENCODINGS: readonly PackEncoding[] = ["raw", "file"];

/** The first 64 bytes of a pack. A file whose index begins at 0 was not finished. */
export interface PackHeader {
  readonly shape: PictureShape;
  readonly encoding: PackEncoding;
  readonly classes: number;
  readonly examples: number;
  readonly indexAt: number;
  readonly namesBytes: number;
  /** `ALIGNMENT_VERSION` of the packing, by which pictures were cut that were no crops; 0 where all came as crops. */
  readonly alignment: number;
}

/** A header's 64 bytes. */
export function encodePackHeader(header: PackHeader): Uint8Array {
  const bytes = new Uint8Array(PACK_HEADER_BYTES);
  bytes.set(new TextEncoder().encode(PACK_MAGIC));
  const view = new DataView(bytes.buffer);
  const [channels, height, width] = header.shape;
  const numbers = [PACK_VERSION, channels, height, width, ENCODINGS.indexOf(header.encoding), header.classes];
  for (const [i, value] of numbers.entries()) view.setUint32(8 + 4 * i, value, true);
  for (const [i, value] of [header.examples, header.indexAt, header.namesBytes].entries())
    view.setBigUint64(32 + 8 * i, BigInt(value), true);
  view.setUint32(56, header.alignment, true);
  return bytes;
}

/** Tells whether a file begins as a pack does. */
export function isPack(head: Uint8Array): boolean {
  return bytesAt(head, 0, PACK_MAGIC);
}

/** Throws FaceError BAD_FILE for another kind of file, another version, or sizes that make no sense. */
export function decodePackHeader(name: string, bytes: Uint8Array): PackHeader {
  const bad = (expected: string, got: string | number): FaceError =>
    new FaceError("BAD_FILE", { where: `${name}: pack of faces`, expected, got });
  if (bytes.length < PACK_HEADER_BYTES || !isPack(bytes)) throw bad(`"${PACK_MAGIC}" at its start`, "others");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [version = 0, channels = 0, height = 0, width = 0, encoding = 0, classes = 0] = [
    0, 1, 2, 3, 4, 5,
  ].map((i) => view.getUint32(8 + 4 * i, true));
  const [examples = 0, indexAt = 0, namesBytes = 0] = [0, 1, 2].map((i) =>
    Number(view.getBigUint64(32 + 8 * i, true)),
  );
  if (version !== PACK_VERSION) throw bad(`version ${PACK_VERSION}`, version);
  if (channels !== 1 && channels !== 3) throw bad("1 or 3 channels", channels);
  if (height < 1 || width < 1 || height > 4096 || width > 4096)
    throw bad("pictures of 1 to 4096 px a side", `${width}×${height}`);
  const named = ENCODINGS[encoding];
  if (named === undefined) throw bad(`an encoding from 0 to ${ENCODINGS.length - 1}`, encoding);
  return {
    shape: [channels, height, width],
    encoding: named,
    classes,
    examples,
    indexAt,
    namesBytes,
    alignment: view.getUint32(56, true),
  };
}
