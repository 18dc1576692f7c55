import { access, constants, mkdir } from "node:fs/promises";
import writeFileAtomic from "write-file-atomic";
import { FaceError, reasonOf, systemCode } from "../core/index.ts";

/** Writes a file whole or not at all. Throws FaceError STORAGE. @param home the store's folder, which is made if need be */
export async function writeStored(home: string, path: string, data: string | Uint8Array): Promise<void> {
  try {
    await mkdir(home, { recursive: true });
    await writeFileAtomic(
      path,
      typeof data === "string" ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    );
  } catch (cause) {
    throw storageError(path, cause);
  }
}

/** Makes a folder that can be written. Throws FaceError STORAGE. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw storageError(folder, cause);
  }
}

/** The error of a place that cannot be written, with what to do about it. */
export function storageError(path: string, cause: unknown): FaceError {
  if (cause instanceof FaceError) return cause;
  const code = systemCode(cause);
  const advice =
    code === "ENOSPC"
      ? "a full disk; free some space or set ARCFACE_HOME to a folder on another disk"
      : // Node says ENOENT of folders that it cannot make on a disk that can only be read.
        code === "EACCES" || code === "EROFS" || code === "EPERM" || code === "ENOENT"
        ? "one that may not be written; set ARCFACE_HOME to a folder that may"
        : `${reasonOf(cause)}; set ARCFACE_HOME to a folder that can be written`;
  return new FaceError("STORAGE", { where: path, expected: "a place to write", got: advice, cause });
}
