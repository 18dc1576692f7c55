import { inflateRawSync } from "node:zlib";
import { FaceError, reasonOf } from "../../core/index.ts";
import { type ByteSource, bytesSource } from "../byte-source.ts";
import type { ZipEntry } from "./read-zip.ts";

/** The most that deflate makes of one byte. */
const LARGEST_RATIO = 1_032;
/** All weights of an iResNet-200 together are below this. */
const LARGEST_ENTRY = 2 ** 29;
/** All that is unpacked from one archive while it is open. */
const LARGEST_TOTAL = 2 ** 33;

/** A stretch of bytes, in the archive itself or unpacked. */
export interface ZipStretch {
  readonly source: ByteSource;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Gives the bytes of an archive's entries: stored ones in place, deflated ones unpacked when they are first read.
 *
 * One unpacked entry is kept at a time. What the directory says about sizes is held against what deflate can reach, and
 * against a limit, before anything is unpacked.
 */
export class ZipEntries {
  readonly #source: ByteSource;
  #kept: { readonly offset: number; readonly bytes: Uint8Array } | undefined;
  #total = 0;
  #closed = false;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Opens an entry's bytes for reading. Throws FaceError BAD_FILE when it is too large to be unpacked. */
  stretch(entry: ZipEntry): ZipStretch {
    if (entry.packed === undefined) return { source: this.#source, offset: entry.offset, bytes: entry.size };
    const limit = Math.min(LARGEST_ENTRY, LARGEST_RATIO * entry.packed + LARGEST_RATIO);
    if (entry.size > limit)
      throw this.#bad(entry, `${entry.packed} deflated bytes to unpack to at most ${limit}`, `${entry.size}`);
    const name = `${this.#source.name}: ${entry.name}, unpacked`;
    const whole = (): ByteSource => bytesSource(this.#unpack(entry), name);
    return {
      source: {
        name,
        size: entry.size,
        read: (offset, length) => whole().read(offset, length),
        close: () => this.close(),
      },
      offset: 0,
      bytes: entry.size,
    };
  }

  /** Lets go of what was unpacked; the archive itself is closed by whoever opened it. */
  close(): void {
    this.#closed = true;
    this.#kept = undefined;
  }

  #unpack(entry: ZipEntry): Uint8Array {
    if (this.#kept?.offset === entry.offset) return this.#kept.bytes;
    if (this.#closed)
      throw new FaceError("CLOSED", {
        where: this.#source.name,
        expected: "an open file",
        got: "one that was closed",
      });
    const packed = this.#source.read(entry.offset, entry.packed!);
    this.#total += entry.size;
    if (this.#total > LARGEST_TOTAL)
      throw this.#bad(entry, `at most ${LARGEST_TOTAL} bytes to be unpacked of one file`, "more");
    let bytes: Uint8Array;
    try {
      bytes = inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) });
    } catch (cause) {
      throw this.#bad(entry, `${entry.size} deflated bytes`, reasonOf(cause));
    }
    if (bytes.length !== entry.size) throw this.#bad(entry, `${entry.size} bytes`, `${bytes.length}`);
    this.#kept = { offset: entry.offset, bytes };
    return bytes;
  }

  #bad(entry: ZipEntry, expected: string, got: string): FaceError {
    return new FaceError("BAD_FILE", {
      where: `${this.#source.name}: zip: at offset ${entry.offset}`,
      expected: `${expected} of "${entry.name}"`,
      got,
    });
  }
}
