import { constants } from "node:fs";
import { access, open, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { FaceError, reasonOf, systemCode } from "../core/index.ts";

/**
 * Expects that a file can be written at a path, before the work whose result goes there.
 *
 * Something is written beside it and removed again: that is how a full disk, a read-only one, and a folder that may
 * not be written to are found.
 *
 * @param endings that the name may have, in small letters; any when absent
 * Throws    FaceError USAGE for another ending, STORAGE when it cannot be written
 */
export async function expectWritableFile(path: string, endings?: readonly string[]): Promise<void> {
  const ending = extname(path).toLowerCase();
  if (endings && !endings.includes(ending)) {
    throw new FaceError("USAGE", `${path}: expected a file ending in ${endings.join(", ")}, got "${ending}"`);
  }
  const there = await stat(path).catch(absent(path));
  if (there?.isDirectory()) throw notWritable(path, "a folder");
  // The file is replaced as a whole, which must never happen to a device.
  if (there && !there.isFile()) throw notWritable(path, "something that is not a file");
  await tryWriting(dirname(resolve(path)), path, basename(path));
}

/**
 * Expects that a folder is there and can be written to, or can be made. Makes nothing.
 *
 * Throws    FaceError STORAGE
 */
export async function expectWritableFolder(path: string): Promise<void> {
  let folder = resolve(path);
  for (;;) {
    const there = await stat(folder).catch(absent(path));
    if (there?.isDirectory()) return await tryWriting(folder, path, "arcface");
    if (there) throw notWritable(path, folder === resolve(path) ? "a file" : `the file ${folder} on the way`);
    folder = dirname(folder);
  }
}

/** Undefined for a path with nothing there; another reason is the output's. */
function absent(path: string): (cause: unknown) => undefined {
  return (cause) => {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw notWritable(path, reasonOf(cause), cause);
  };
}

/** Writes a byte into a new file of a folder and removes it. Its name is as long as the output's working file's. */
async function tryWriting(folder: string, path: string, name: string): Promise<void> {
  const probe = join(folder, `${name}.${String(process.pid).padStart(10, "0")}`);
  try {
    const there = await stat(folder);
    if (!there.isDirectory()) throw notWritable(path, `the file ${folder} on the way`);
    await access(folder, constants.W_OK);
    const file = await open(probe, "w");
    try {
      await file.write("x");
    } finally {
      await file.close();
      await rm(probe, { force: true });
    }
  } catch (cause) {
    if (cause instanceof FaceError) throw cause;
    const code = systemCode(cause) ?? "";
    const reasons: Record<string, string> = {
      ENOENT: `no folder ${folder}`,
      ENOSPC: "a full disk",
      EROFS: "a disk that can only be read",
      EACCES: `a folder that may not be written to, ${folder}`,
      EPERM: `a folder that may not be written to, ${folder}`,
      ENAMETOOLONG: "a name that is too long",
    };
    throw notWritable(path, reasons[code] ?? reasonOf(cause), cause);
  }
}

function notWritable(path: string, got: string, cause?: unknown): FaceError {
  return new FaceError("STORAGE", `${path}: expected a place that can be written, got ${got}`, { cause });
}
