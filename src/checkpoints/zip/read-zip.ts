import { FaceError } from "../../core/index.ts";
import type { ByteSource } from "../byte-source.ts";

/** A file inside a zip archive: stored, so that its bytes can be read in place, or deflated. */
export interface ZipEntry {
  readonly name: string;
  /** Offset in the archive of its first byte, stored or deflated. */
  readonly offset: number;
  /** Bytes that the file has. */
  readonly size: number;
  /** Bytes in the archive where they are deflated; absent where they are stored. */
  readonly packed?: number;
}

const STORED = 0;
const DEFLATED = 8;

const END_BYTES = 22;
const END_MAGIC = 0x06054b50;
const END64_BYTES = 56;
const END64_MAGIC = 0x06064b50;
const LOCATOR_BYTES = 20;
const LOCATOR_MAGIC = 0x07064b50;
const ENTRY_BYTES = 46;
const ENTRY_MAGIC = 0x02014b50;
const LOCAL_BYTES = 30;
const LOCAL_MAGIC = 0x04034b50;
const MAX_COMMENT = 65_535;
const MARKS_64_BIT = 0xffffffff;

/**
 * The table of contents of a zip archive, zip64 included.
 *
 * Nothing is unpacked here and no name is used as a path, so neither a bomb nor a `../` can do harm: an entry is a stretch
 * of the archive. Checksums are not compared: PyTorch can be told to write none.
 *
 * Throws    FaceError BAD_FILE with the offset: no archive, an entry that is encrypted or packed otherwise than by deflate, an archive of several
 *           volumes, an entry that reaches outside the archive, two entries of one name
 * Source    PKWARE, APPNOTE.TXT 6.3.10
 */
export function readZip(source: ByteSource): ReadonlyMap<string, ZipEntry> {
  const directory = findDirectory(source);
  const bytes = source.read(directory.offset, directory.size);
  const view = new DataView(bytes.buffer);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < directory.count; i++) {
    if (at + ENTRY_BYTES > bytes.length || view.getUint32(at, true) !== ENTRY_MAGIC)
      throw bad(source, directory.offset + at, "an entry of the archive's directory", "something else");
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const commentLength = view.getUint16(at + 32, true);
    const end = at + ENTRY_BYTES + nameLength + extraLength + commentLength;
    if (end > bytes.length)
      throw bad(source, directory.offset + at, "a whole entry", "one that is cut short");
    const nameAt = at + ENTRY_BYTES;
    const name = new TextDecoder().decode(bytes.subarray(nameAt, nameAt + nameLength));
    if (entries.has(name)) throw bad(source, directory.offset + at, "every name once", JSON.stringify(name));
    entries.set(name, locate(source, view, at, name, nameAt + nameLength, extraLength, directory.offset));
    at = end;
  }
  return entries;
}

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

/** The directory's place, from the record that ends the archive. */
function findDirectory(source: ByteSource): Directory {
  const tailSize = Math.min(source.size, END_BYTES + MAX_COMMENT);
  const tailAt = source.size - tailSize;
  const tail = source.read(tailAt, tailSize);
  const view = new DataView(tail.buffer);
  let at = tailSize - END_BYTES;
  while (at >= 0 && !isEnd(view, at)) at--;
  if (at < 0) throw bad(source, source.size, "the end of a zip archive", "none: the file may be cut short");
  const end = tailAt + at;
  const short: Directory = {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
  const wide = readWideEnd(source, end);
  if (!wide && view.getUint16(at + 4, true) !== 0)
    throw bad(source, end, "an archive in one file", "one of several volumes");
  const directory = wide ?? short;
  const limit = end - directory.offset;
  if (directory.offset < 0 || directory.size > limit || directory.count * ENTRY_BYTES > directory.size) {
    throw bad(
      source,
      end,
      "the archive's directory inside the file",
      `${directory.count} entries in ${directory.size} bytes at ${directory.offset}`,
    );
  }
  return directory;
}

/** An end record whose comment fills what is left; the magic alone can occur anywhere. */
function isEnd(view: DataView, at: number): boolean {
  return (
    view.getUint32(at, true) === END_MAGIC &&
    at + END_BYTES + view.getUint16(at + 20, true) === view.byteLength
  );
}

/** The 64-bit end record that a locator in front of the short one points at, if there is one. */
function readWideEnd(source: ByteSource, end: number): Directory | undefined {
  if (end < LOCATOR_BYTES) return undefined;
  const locator = new DataView(source.read(end - LOCATOR_BYTES, LOCATOR_BYTES).buffer);
  if (locator.getUint32(0, true) !== LOCATOR_MAGIC) return undefined;
  const at = wideNumber(source, end - LOCATOR_BYTES + 8, locator.getBigUint64(8, true));
  if (at > end - LOCATOR_BYTES - END64_BYTES)
    throw bad(source, end - LOCATOR_BYTES, "a 64-bit end record before this", `one at ${at}`);
  const view = new DataView(source.read(at, END64_BYTES).buffer);
  if (view.getUint32(0, true) !== END64_MAGIC) throw bad(source, at, "a 64-bit end record", "something else");
  return {
    count: wideNumber(source, at + 32, view.getBigUint64(32, true)),
    size: wideNumber(source, at + 40, view.getBigUint64(40, true)),
    offset: wideNumber(source, at + 48, view.getBigUint64(48, true)),
  };
}

/** An entry's stretch of the archive, from its line in the directory and the header in front of its bytes. */
function locate(
  source: ByteSource,
  view: DataView,
  at: number,
  name: string,
  extraAt: number,
  extraLength: number,
  directoryOffset: number,
): ZipEntry {
  const where = directoryOffset + at;
  const quoted = JSON.stringify(name);
  if (view.getUint16(at + 8, true) & 1)
    throw bad(source, where, `${quoted} not to be encrypted`, "one that is");
  const method = view.getUint16(at + 10, true);
  if (method !== STORED && method !== DEFLATED)
    throw bad(source, where, `${quoted} to be stored or deflated`, `compression method ${method}`);
  const short = {
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    header: view.getUint32(at + 42, true),
  };
  const wide = wideFields(source, view, extraAt, extraLength, where, [
    short.size,
    short.packed,
    short.header,
  ]);
  const [size = short.size, packed = short.packed, header = short.header] = wide;
  if (method === STORED && packed !== size)
    throw bad(source, where, `${size} bytes of ${quoted}`, `${packed}`);
  if (header > directoryOffset - LOCAL_BYTES)
    throw bad(source, where, `${quoted} to lie before the directory`, `offset ${header}`);
  const local = new DataView(source.read(header, LOCAL_BYTES).buffer);
  if (local.getUint32(0, true) !== LOCAL_MAGIC)
    throw bad(source, header, `the header of ${quoted}`, "something else");
  const offset = header + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true);
  if (packed > directoryOffset - offset)
    throw bad(source, offset, `${quoted} to end before the directory`, `${packed} bytes`);
  return method === STORED ? { name, offset, size } : { name, offset, size, packed };
}

/** The 64-bit sizes of the zip64 extra field: one for each short number that says "look there", in this order. */
function wideFields(
  source: ByteSource,
  view: DataView,
  extraAt: number,
  extraLength: number,
  where: number,
  short: readonly number[],
): (number | undefined)[] {
  if (!short.includes(MARKS_64_BIT)) return [];
  const end = extraAt + extraLength;
  for (let at = extraAt; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let field = at + 4;
    const fieldEnd = Math.min(end, field + view.getUint16(at + 2, true));
    return short.map((value) => {
      if (value !== MARKS_64_BIT) return undefined;
      if (field + 8 > fieldEnd) throw bad(source, where, "a whole 64-bit extra field", "one cut short");
      field += 8;
      return Number(view.getBigUint64(field - 8, true));
    });
  }
  throw bad(source, where, "a 64-bit extra field", "none");
}

function wideNumber(source: ByteSource, offset: number, value: bigint): number {
  if (value > BigInt(source.size)) throw bad(source, offset, `at most ${source.size}`, String(value));
  return Number(value);
}

function bad(source: ByteSource, offset: number, expected: string, got: string): FaceError {
  return new FaceError("BAD_FILE", { where: `${source.name}: zip: at offset ${offset}`, expected, got });
}
