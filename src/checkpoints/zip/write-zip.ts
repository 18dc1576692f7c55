import { crc32 } from "node:zlib";

/** A file to put into an archive. `bytes` is asked for once, when its turn comes. */
export interface ZipPart {
  readonly name: string;
  bytes(): Uint8Array;
}

const LOCAL_BYTES = 30;
const ENTRY_BYTES = 46;
const WIDE = 0xffffffff;
/** 1 January 1980, the first day that zip knows: the same content gives the same bytes. */
const DOS_DATE = 0x0021;
const UTF8_NAMES = 0x0800;

/**
 * An uncompressed zip archive, piece by piece, with every file's bytes at a multiple of `alignment`.
 *
 * The padding is an extra field "FB", as PyTorch pads, so that the bytes can be mapped into memory as they lie.
 * Offsets and sizes past 4 GiB are written in the 64-bit form.
 *
 * Source    PKWARE, APPNOTE.TXT 6.3.10
 */
export function* writeZip(parts: readonly ZipPart[], alignment = 64): Generator<Uint8Array> {
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const part of parts) {
    const bytes = part.bytes();
    const checksum = crc32(bytes);
    const name = new TextEncoder().encode(part.name);
    const wide = bytes.length >= WIDE;
    const localExtra = padding(
      at + LOCAL_BYTES + name.length,
      wide ? wideExtra([bytes.length, bytes.length]) : [],
      alignment,
    );
    const local = localHeader(name, localExtra, checksum, bytes.length, wide);
    const directoryExtra = Uint8Array.from(
      wide || at >= WIDE ? wideExtra([bytes.length, bytes.length, at]) : [],
    );
    directory.push(directoryEntry(name, directoryExtra, checksum, bytes.length, at), name, directoryExtra);
    yield local;
    yield name;
    yield localExtra;
    yield bytes;
    at += local.length + name.length + localExtra.length + bytes.length;
  }
  const size = directory.reduce((sum, piece) => sum + piece.length, 0);
  yield* directory;
  yield end(parts.length, size, at);
}

function localHeader(
  name: Uint8Array,
  extra: Uint8Array,
  checksum: number,
  length: number,
  wide: boolean,
): Uint8Array {
  const view = new DataView(new ArrayBuffer(LOCAL_BYTES));
  view.setUint32(0, 0x04034b50, true);
  view.setUint16(4, wide ? 45 : 20, true);
  view.setUint16(6, UTF8_NAMES, true);
  view.setUint16(12, DOS_DATE, true);
  view.setUint32(14, checksum, true);
  view.setUint32(18, wide ? WIDE : length, true);
  view.setUint32(22, wide ? WIDE : length, true);
  view.setUint16(26, name.length, true);
  view.setUint16(28, extra.length, true);
  return new Uint8Array(view.buffer);
}

function directoryEntry(
  name: Uint8Array,
  extra: Uint8Array,
  checksum: number,
  length: number,
  header: number,
): Uint8Array {
  const view = new DataView(new ArrayBuffer(ENTRY_BYTES));
  const wide = extra.length > 0;
  view.setUint32(0, 0x02014b50, true);
  view.setUint16(4, wide ? 45 : 20, true);
  view.setUint16(6, wide ? 45 : 20, true);
  view.setUint16(8, UTF8_NAMES, true);
  view.setUint16(14, DOS_DATE, true);
  view.setUint32(16, checksum, true);
  view.setUint32(20, wide ? WIDE : length, true);
  view.setUint32(24, wide ? WIDE : length, true);
  view.setUint16(28, name.length, true);
  view.setUint16(30, extra.length, true);
  view.setUint32(42, wide ? WIDE : header, true);
  return new Uint8Array(view.buffer);
}

function wideExtra(values: readonly number[]): number[] {
  const view = new DataView(new ArrayBuffer(4 + 8 * values.length));
  view.setUint16(0, 1, true);
  view.setUint16(2, 8 * values.length, true);
  for (const [i, value] of values.entries()) view.setBigUint64(4 + 8 * i, BigInt(value), true);
  return [...new Uint8Array(view.buffer)];
}

/** The extra field that brings the bytes after it to a multiple of `alignment`. */
function padding(start: number, before: readonly number[], alignment: number): Uint8Array {
  const used = start + before.length + 4;
  const fill = (alignment - (used % alignment)) % alignment;
  const extra = new Uint8Array(before.length + 4 + fill).fill(0x5a);
  extra.set(before);
  extra.set([0x46, 0x42, fill & 255, fill >> 8], before.length);
  return extra;
}

/** The record that ends the archive, with its 64-bit form in front where the short one is too small. */
function end(count: number, size: number, offset: number): Uint8Array {
  const wide = count >= 0xffff || size >= WIDE || offset >= WIDE;
  const wideBytes = wide ? 56 + 20 : 0;
  const view = new DataView(new ArrayBuffer(wideBytes + 22));
  if (wide) {
    view.setUint32(0, 0x06064b50, true);
    view.setBigUint64(4, 44n, true);
    view.setUint16(12, 45, true);
    view.setUint16(14, 45, true);
    view.setBigUint64(24, BigInt(count), true);
    view.setBigUint64(32, BigInt(count), true);
    view.setBigUint64(40, BigInt(size), true);
    view.setBigUint64(48, BigInt(offset), true);
    view.setUint32(56, 0x07064b50, true);
    view.setBigUint64(64, BigInt(offset + size), true);
    view.setUint32(72, 1, true);
  }
  view.setUint32(wideBytes, 0x06054b50, true);
  view.setUint16(wideBytes + 8, Math.min(count, 0xffff), true);
  view.setUint16(wideBytes + 10, Math.min(count, 0xffff), true);
  view.setUint32(wideBytes + 12, Math.min(size, WIDE), true);
  view.setUint32(wideBytes + 16, Math.min(offset, WIDE), true);
  return new Uint8Array(view.buffer);
}
