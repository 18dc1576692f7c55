import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { changeNumber } from "./schema.ts";

/** Bytes of a write-ahead log's header, of a frame's, and of a database's. Source: sqlite.org/fileformat2.html */
const HEADER_BYTES = 32;
const FRAME_BYTES = 24;

/** A write-ahead log as far as it tells on which database file it was begun. */
export interface LogBeside {
  readonly pageBytes: number;
  /** The last that is committed, of all pages; changes with every commit. */
  readonly frames: number;
  /** Other numbers for every beginning of the log. */
  readonly salts: string;
  /** {@link digestOf} of page 1 as each commit leaves it. */
  readonly firstPages: ReadonlySet<string>;
  /** {@link changeOf} the first of them; undefined without one. */
  readonly firstChange: number | undefined;
}

/** The number of the change that wrote page 1. */
export const changeOf = (page: Buffer): number => changeNumber(page.readInt32BE(60));

export const digestOf = (page: Buffer): string => createHash("sha256").update(page).digest("hex");

/**
 * Reads what a write-ahead log holds. No locks lie on such a file, so that it may be read beside SQLite.
 *
 * Returns   undefined for a file without a commit that SQLite would apply
 */
export function readLogBeside(path: string): LogBeside | undefined {
  const file = openSync(path, "r");
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    if (readSync(file, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return undefined;
    if (header.readUInt32BE(0) >>> 1 !== 0x377f0682 >>> 1) return undefined;
    const pageBytes = header.readUInt32BE(8);
    const salts = header.toString("hex", 16, 24);
    const firstPages = new Set<string>();
    let firstChange: number | undefined;
    const frame = Buffer.alloc(FRAME_BYTES);
    let frames = 0;
    let pending: Buffer | undefined;
    for (let i = 0; ; i++) {
      const at = HEADER_BYTES + i * (FRAME_BYTES + pageBytes);
      if (readSync(file, frame, 0, FRAME_BYTES, at) < FRAME_BYTES) break;
      // Frames left by an earlier beginning of the log.
      if (frame.toString("hex", 8, 16) !== salts) break;
      if (frame.readUInt32BE(0) === 1) {
        pending = Buffer.alloc(pageBytes);
        if (readSync(file, pending, 0, pageBytes, at + FRAME_BYTES) < pageBytes) break;
      }
      if (frame.readUInt32BE(4) === 0) continue;
      frames = i + 1;
      if (!pending) continue;
      firstPages.add(digestOf(pending));
      firstChange ??= changeOf(pending);
      pending = undefined;
    }
    return frames === 0 ? undefined : { pageBytes, frames, salts, firstPages, firstChange };
  } finally {
    closeSync(file);
  }
}
