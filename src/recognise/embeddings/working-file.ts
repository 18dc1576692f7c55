import { stat, truncate } from "node:fs/promises";
import { parseJson, readLines } from "../../core/index.ts";
import type { PictureFile } from "../picture-file.ts";
import { decodeRecord, type FaceRecord } from "./face-record.ts";
import { decodeHeader, type MadeBy } from "./header.ts";

/** A file's statements about a photograph whose faces it has. */
export type DonePhotograph = { readonly [key in keyof PictureFile]: PictureFile[key] | undefined };

/** A working file's entry for one photograph. */
export interface LineOfWork {
  readonly faces: number;
  readonly file: DonePhotograph;
}

/** The contents of a working file. */
export interface Recovered {
  /** True if it has a line at all. */
  readonly started: boolean;
  readonly made: MadeBy;
  readonly done: Map<string, LineOfWork>;
  /** True if it holds rows that were taken out. */
  readonly replaced: boolean;
}

/** The line that takes out all rows of a path above it. */
export function tombstone(path: string): string {
  return JSON.stringify({ replaced: path });
}

function replacedBy(line: string): string | undefined {
  if (!line.startsWith('{"replaced":')) return undefined;
  try {
    const { replaced } = parseJson(line) as { replaced: unknown };
    return typeof replaced === "string" ? replaced : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads a working file left by a run that may have been killed: a last line without an end is cut off, and with it
 * its photograph's other faces, so that no photograph is there by half.
 *
 * Throws    FaceError BAD_FILE for a file of another kind
 */
export async function recover(partial: string): Promise<Recovered> {
  const done = new Map<string, LineOfWork>();
  let made: MadeBy = null;
  let replaced = false;
  let started = false;
  const { size } = await stat(partial);
  let end = 0;
  let startOfPhotograph = 0;
  let photograph: string | undefined;
  for await (const line of readLines(partial)) {
    const bytes = Buffer.byteLength(line) + 1;
    if (end + bytes > size) break;
    const header = started ? undefined : decodeHeader(line, partial);
    const gone = replacedBy(line);
    if (header) {
      made = header.pipeline;
      startOfPhotograph = end + bytes;
    } else if (gone !== undefined) {
      done.delete(gone);
      replaced = true;
      photograph = undefined;
      startOfPhotograph = end + bytes;
    } else {
      const { path, bytes: size, modified, sha256 } = decodeRecord(line, partial);
      if (path !== photograph) {
        photograph = path;
        startOfPhotograph = end;
      }
      const file = { bytes: size ?? undefined, modified: modified ?? undefined, sha256: sha256 ?? undefined };
      done.set(path, { faces: (done.get(path)?.faces ?? 0) + 1, file });
    }
    started = true;
    end += bytes;
  }
  if (end < size) {
    // The torn line belongs to the photograph before it or to a new one: both are done again.
    if (photograph !== undefined) done.delete(photograph);
    await truncate(partial, startOfPhotograph);
    started = startOfPhotograph > 0;
  }
  return { started, made, done, replaced };
}

/** The rows of a working file that count. */
export async function* withoutReplaced(partial: string): AsyncGenerator<FaceRecord> {
  const last = new Map<string, number>();
  let number = 0;
  for await (const line of readLines(partial)) {
    number++;
    const gone = replacedBy(line);
    if (gone !== undefined) last.set(gone, number);
  }
  number = 0;
  for await (const line of readLines(partial)) {
    number++;
    if (replacedBy(line) !== undefined || (number === 1 && decodeHeader(line, partial))) continue;
    const record = decodeRecord(line, partial);
    if (number > (last.get(record.path) ?? 0)) yield record;
  }
}
