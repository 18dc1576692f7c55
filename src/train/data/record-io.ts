import type { ByteSource } from "../../checkpoints/index.ts";
import { FaceError } from "../../core/index.ts";

/** First word of every part of a record. */
const MAGIC = 0xced7230a;
const PART_HEADER_BYTES = 8;
/** flag (u32), label (float32), id (u64), second id (u64). */
const LABEL_HEADER_BYTES = 24;
/** Position of a part in its record; a record is split where its content has the magic in it. */
const WHOLE = 0;
const FIRST = 1;
const MIDDLE = 2;
const LAST = 3;

/** One record of a RecordIO file, as MXNet's image iterator writes them. */
export interface ImageRecord {
  /** The picture's class, or several numbers in a record that describes others. */
  readonly labels: readonly number[];
  readonly id: bigint;
  /** A picture file's bytes; empty in a record that describes others. */
  readonly content: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the record that begins at an offset.
 *
 * Throws    FaceError BAD_FILE with the offset: no record there, or one that reaches outside the file
 * Source    dmlc-core's recordio.h (parts and their flags) and MXNet's recordio.py (the label header)
 */
export function readImageRecord(source: ByteSource, at: number, largestBytes: number): ImageRecord {
  const record = joinParts(source, at, largestBytes);
  const bad = (expected: string, got: number): FaceError => badRecord(source, at, expected, got);
  if (record.length < LABEL_HEADER_BYTES) throw bad(`at least ${LABEL_HEADER_BYTES} bytes`, record.length);
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const flag = view.getUint32(0, true);
  const id = view.getBigUint64(8, true);
  const contentAt = LABEL_HEADER_BYTES + 4 * flag;
  if (contentAt > record.length) throw bad(`${flag} labels in ${record.length} bytes`, contentAt);
  const labels =
    flag === 0
      ? [view.getFloat32(4, true)]
      : Array.from({ length: flag }, (_, i) => view.getFloat32(LABEL_HEADER_BYTES + 4 * i, true));
  return { labels, id, content: record.subarray(contentAt) };
}

/** A record's bytes, its parts joined with the magic that they were split at. */
function joinParts(source: ByteSource, start: number, largestBytes: number): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let total = 0;
  let at = start;
  for (;;) {
    if (at + PART_HEADER_BYTES > source.size) throw badRecord(source, at, "a record", "the end of the file");
    const view = new DataView(source.read(at, PART_HEADER_BYTES).buffer);
    const magic = view.getUint32(0, true);
    if (magic !== MAGIC) throw badRecord(source, at, `0x${MAGIC.toString(16)}`, `0x${magic.toString(16)}`);
    const word = view.getUint32(4, true);
    const kind = word >>> 29;
    const length = word & 0x1fffffff;
    const fits = parts.length === 0 ? kind === WHOLE || kind === FIRST : kind === MIDDLE || kind === LAST;
    if (!fits)
      throw badRecord(source, at, parts.length === 0 ? "a record's start" : "a record's next part", kind);
    total += length + (parts.length === 0 ? 0 : 4);
    if (total > largestBytes) throw badRecord(source, at, `a record of at most ${largestBytes} bytes`, total);
    if (at + PART_HEADER_BYTES + length > source.size)
      throw badRecord(source, at, `${length} bytes of content`, source.size - at - PART_HEADER_BYTES);
    if (parts.length > 0) parts.push(MAGIC_BYTES);
    parts.push(source.read(at + PART_HEADER_BYTES, length));
    if (kind === WHOLE || kind === LAST) break;
    at += PART_HEADER_BYTES + Math.ceil(length / 4) * 4;
  }
  if (parts.length === 1) return parts[0] as Uint8Array<ArrayBuffer>;
  return new Uint8Array(Buffer.concat(parts));
}

const MAGIC_BYTES = Uint8Array.of(0x0a, 0x23, 0xd7, 0xce);

function badRecord(source: ByteSource, at: number, expected: string, got: string | number): FaceError {
  return new FaceError("BAD_FILE", { where: `${source.name}: record at offset ${at}`, expected, got });
}
