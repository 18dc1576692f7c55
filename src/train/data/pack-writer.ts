import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { crc32 } from "node:zlib";
import { FaceError, reasonOf, systemCode } from "../../core/index.ts";
import type { PictureShape } from "./example-set.ts";
import {
  decodePackHeader,
  encodePackHeader,
  INDEX_ENTRY_BYTES,
  KEY_BYTES,
  PACK_HEADER_BYTES,
  type PackEncoding,
  RECORD_HEADER_BYTES,
} from "./pack-format.ts";

/** Position of a picture in the file being written. */
export interface PackPlace {
  readonly at: number;
  readonly length: number;
  /** CRC-32 of its bytes. */
  readonly crc: number;
}

/** Of the hash of what is packed, at the end of an unfinished file's header; a finished one has its alignment there. */
const SOURCE_BYTES = 8;
/** Longer pictures than this are no faces; also the bound on what a half-written file can make us read. */
const MAX_PICTURE_BYTES = 64 * 1024 * 1024;

/**
 * Writes a pack of faces. Pictures go to `OUT.part` one after the other, each behind its length, its CRC-32 and the
 * key of what it was made from; what an interrupted run left there is found again by its keys. `finish` adds the index
 * and gives the file its name.
 */
export class PackWriter {
  readonly #out: string;
  readonly #part: string;
  readonly #file: number;
  readonly #shape: PictureShape;
  readonly #encoding: PackEncoding;
  readonly #known = new Map<string, PackPlace>();
  #end = PACK_HEADER_BYTES;
  #closed = false;

  private constructor(out: string, file: number, shape: PictureShape, encoding: PackEncoding) {
    this.#out = out;
    this.#part = `${out}.part`;
    this.#file = file;
    this.#shape = shape;
    this.#encoding = encoding;
  }

  /**
   * @param source what is packed, in words: the remains of an interrupted run of another source are not used
   * Throws    FaceError STORAGE when the file cannot be written
   */
  static open(out: string, shape: PictureShape, encoding: PackEncoding, source: string): PackWriter {
    return attempt(out, () => {
      const part = `${out}.part`;
      const writer = new PackWriter(out, openSync(part, existsSync(part) ? "r+" : "w+"), shape, encoding);
      writer.#takeUp(createHash("sha256").update(source).digest().subarray(0, SOURCE_BYTES));
      return writer;
    });
  }

  /** Position of the picture with this key (64 hexadecimal digits), if it is there already. */
  find(key: string): PackPlace | undefined {
    return this.#known.get(key);
  }

  /** Adds a picture's bytes. Throws FaceError STORAGE. */
  add(key: string, payload: Uint8Array): PackPlace {
    const record = Buffer.alloc(RECORD_HEADER_BYTES + payload.length);
    record.writeUInt32LE(payload.length, 0);
    const crc = crc32(payload);
    record.writeUInt32LE(crc, 4);
    record.write(key, 8, KEY_BYTES, "hex");
    record.set(payload, RECORD_HEADER_BYTES);
    const place = { at: this.#end, length: payload.length, crc };
    this.#write(record);
    this.#known.set(key, place);
    return place;
  }

  /**
   * Writes the index and gives the file its name.
   *
   * @param examples in the order the set will have; labels are indices of `classes`
   * @param alignment by which pictures were cut that were no crops; 0 when all came as crops
   * Throws    FaceError STORAGE
   */
  finish(
    examples: readonly { readonly place: PackPlace; readonly label: number }[],
    classes: readonly string[],
    alignment = 0,
  ): void {
    const index = Buffer.alloc(examples.length * INDEX_ENTRY_BYTES);
    const moved = this.#compact(examples.map(({ place }) => place));
    for (const [i, { place: before, label }] of examples.entries()) {
      const place = moved.get(before.at)!;
      index.writeBigUInt64LE(BigInt(place.at), i * INDEX_ENTRY_BYTES);
      index.writeUInt32LE(place.length, i * INDEX_ENTRY_BYTES + 8);
      index.writeUInt32LE(label, i * INDEX_ENTRY_BYTES + 12);
      index.writeUInt32LE(place.crc, i * INDEX_ENTRY_BYTES + 16);
    }
    const names = Buffer.from(JSON.stringify(classes));
    const header = encodePackHeader({
      shape: this.#shape,
      encoding: this.#encoding,
      classes: classes.length,
      examples: examples.length,
      indexAt: this.#end,
      namesBytes: names.length,
      alignment,
    });
    const digest = createHash("sha256").update(header).update(index).update(names).digest();
    this.#write(Buffer.concat([index, names, digest]));
    attempt(this.#out, () => {
      writeFully(this.#file, header, 0);
      fsyncSync(this.#file);
      this.close();
      renameSync(this.#part, this.#out);
    });
  }

  /** Deletes what was written: nothing of it is needed. */
  discard(): void {
    this.close();
    rmSync(this.#part, { force: true });
  }

  /** Leaves what was written for a later run to take up; a second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#file);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(bytes: Uint8Array): void {
    attempt(this.#out, () => writeFully(this.#file, bytes, this.#end));
    this.#end += bytes.length;
  }

  /** Moves the wanted records together, over those that nobody wants, and says where each is now. */
  #compact(wanted: readonly PackPlace[]): ReadonlyMap<number, PackPlace> {
    const places = [...new Map(wanted.map((place) => [place.at, place])).values()].sort(
      (a, b) => a.at - b.at,
    );
    const moved = new Map<number, PackPlace>();
    let end = PACK_HEADER_BYTES;
    for (const place of places) {
      const length = RECORD_HEADER_BYTES + place.length;
      if (place.at !== end) {
        const record = readAt(this.#file, place.at, length);
        const to = end;
        attempt(this.#out, () => writeFully(this.#file, record, to));
      }
      moved.set(place.at, { ...place, at: end });
      end += length;
    }
    this.#end = end;
    attempt(this.#out, () => ftruncateSync(this.#file, end));
    return moved;
  }

  /** Finds the whole records of an interrupted run of the same source and cuts off what lies behind them. */
  #takeUp(source: Uint8Array): void {
    const size = fstatSync(this.#file).size;
    const head = readAt(this.#file, 0, Math.min(PACK_HEADER_BYTES, size));
    const own = head.subarray(PACK_HEADER_BYTES - SOURCE_BYTES).equals(source);
    if (own && sameKind(this.#part, head, this.#shape, this.#encoding)) {
      for (let record = this.#recordAt(this.#end, size); record; record = this.#recordAt(this.#end, size)) {
        this.#known.set(record.key, { at: this.#end, length: record.length, crc: record.crc });
        this.#end += RECORD_HEADER_BYTES + record.length;
      }
    }
    ftruncateSync(this.#file, this.#end);
    const unfinished = { classes: 0, examples: 0, indexAt: 0, namesBytes: 0, alignment: 0 };
    const header = encodePackHeader({ shape: this.#shape, encoding: this.#encoding, ...unfinished });
    header.set(source, PACK_HEADER_BYTES - SOURCE_BYTES);
    writeFully(this.#file, header, 0);
  }

  #recordAt(at: number, size: number): { key: string; length: number; crc: number } | undefined {
    if (at + RECORD_HEADER_BYTES > size) return undefined;
    const header = readAt(this.#file, at, RECORD_HEADER_BYTES);
    const length = header.readUInt32LE(0);
    if (length === 0 || length > MAX_PICTURE_BYTES || at + RECORD_HEADER_BYTES + length > size)
      return undefined;
    const crc = header.readUInt32LE(4);
    if (crc32(readAt(this.#file, at + RECORD_HEADER_BYTES, length)) !== crc) return undefined;
    return { key: header.subarray(8).toString("hex"), length, crc };
  }
}

function sameKind(name: string, head: Uint8Array, shape: PictureShape, encoding: PackEncoding): boolean {
  try {
    const found = decodePackHeader(name, head);
    return found.encoding === encoding && found.shape.join() === shape.join();
  } catch {
    // Whatever this file was, its pictures can be made again.
    return false;
  }
}

function readAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, length - done, at + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

function writeFully(file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, bytes.length - done, at + done);
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof FaceError) throw cause;
    const got = systemCode(cause) === "ENOSPC" ? "a full disk" : reasonOf(cause);
    throw new FaceError("STORAGE", { where: path, expected: "to write a pack of faces", got, cause });
  }
}
