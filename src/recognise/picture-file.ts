import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { FaceError } from "../core/index.ts";
import { readPhotograph } from "../image/index.ts";
import { sha256OfFile } from "../models/index.ts";

/** The fingerprint that tells whether a picture's file is still the one that was looked at. */
export interface PictureFile {
  /** Its size. */
  readonly bytes: number;
  /** When it was last written, ISO date and time. */
  readonly modified: string;
  /** Of its content, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** A picture's bytes and what tells its file from others. Throws FaceError BAD_FILE. */
export async function readPictureFile(
  path: string,
): Promise<{ readonly data: Uint8Array; readonly file: PictureFile }> {
  // Looked at before it is read: should it be written meanwhile, the next run sees another time and compares contents.
  const modified = await modifiedOf(path);
  const data = await readPhotograph(path);
  const sha256 = createHash("sha256").update(data).digest("hex");
  return { data, file: { bytes: data.length, modified, sha256 } };
}

/**
 * Tells whether a file is still the one that was looked at: by size and time, and where these differ by its content.
 *
 * A file that was changed but kept its size and time to the millisecond is taken for unchanged.
 *
 * Throws    FaceError BAD_FILE when it cannot be read
 */
export async function isUnchanged(
  path: string,
  { bytes, modified, sha256 }: { readonly [key in keyof PictureFile]?: PictureFile[key] | null | undefined },
): Promise<boolean> {
  if (!sha256) return false;
  try {
    const found = await stat(path);
    if (found.size === bytes && timeOf(found.mtimeMs) === modified) return true;
    return (
      (bytes === undefined || bytes === null || found.size === bytes) && (await sha256OfFile(path)) === sha256
    );
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** An error about bytes, told about the file that they came from. */
export function named(error: unknown, path: string): unknown {
  return error instanceof FaceError ? error.withName(path) : error;
}

async function modifiedOf(path: string): Promise<string> {
  try {
    return timeOf((await stat(path)).mtimeMs);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function timeOf(ms: number): string {
  return new Date(Math.trunc(ms)).toISOString();
}

function unreadable(path: string, cause: unknown): FaceError {
  return new FaceError("BAD_FILE", { where: path, expected: "a picture that can be read", cause });
}
