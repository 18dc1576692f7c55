import { constants } from "node:fs";
import { access, open, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FaceError, reasonOf, systemCode } from "../core/index.ts";
import { fileIdentityOf } from "../photographs/index.ts";

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
    throw new FaceError("USAGE", {
      where: path,
      expected: `a file ending in ${endings.join(", ")}`,
      got: `"${ending}"`,
    });
  }
  const there = await stat(path).catch(absent(path));
  if (there?.isDirectory()) throw notWritable(path, "a folder");
  // The file is replaced as a whole, which must never happen to a device.
  if (there && !there.isFile()) throw notWritable(path, "something that is not a file");
  await tryWriting(dirname(resolve(path)), path, basename(path));
}

/**
 * Expects that what a file will be written over is nothing that is read: an output takes the place of what it finds.
 *
 * Files are the same by device and number, whatever they are called and whatever links lead to them.
 *
 * Throws    FaceError USAGE naming the input
 */
export function expectNoInput(path: string, inputs: readonly string[]): void {
  const there = fileIdentityOf(path);
  if (there === undefined) return;
  for (const input of inputs) {
    if (fileIdentityOf(input) !== there) continue;
    throw new FaceError("USAGE", {
      where: path,
      expected: "an output of its own",
      got: `a file that is read: ${input}`,
    });
  }
}

/**
 * Takes names in a folder that nothing has yet, for files that belong together: empty files are made there. Where one of
 * the names is taken, all get `~2` after their common beginning, and so on.
 *
 * Returns   the paths, in order of the endings
 * Throws    whatever the operating system says of a file that cannot be made
 */
export async function takeFreeNames(
  folder: string,
  stem: string,
  endings: readonly string[],
): Promise<string[]> {
  for (let copy = 1; ; copy++) {
    const paths = endings.map((ending) => join(folder, `${stem}${copy === 1 ? "" : `~${copy}`}${ending}`));
    const made: string[] = [];
    try {
      for (const path of paths) {
        await (await open(path, "wx")).close();
        made.push(path);
      }
      return paths;
    } catch (cause) {
      for (const path of made) await rm(path);
      if (systemCode(cause) !== "EEXIST") throw cause;
    }
  }
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

/**
 * Writes a file whole or not at all.
 *
 * Throws    FaceError STORAGE naming the file
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFileAtomic(path, typeof content === "string" ? content : Buffer.from(content));
  } catch (cause) {
    throw notWritable(path, refusalOf(cause, dirname(path)), cause);
  }
}

/** True for a failure that every other file there will have, too. */
export function isFullDisk(thrown: unknown): boolean {
  return thrown instanceof FaceError ? isFullDisk(thrown.cause) : systemCode(thrown) === "ENOSPC";
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
    throw notWritable(path, refusalOf(cause, folder), cause);
  }
}

/** The system's reason why nothing can be written in a folder. */
function refusalOf(cause: unknown, folder: string): string {
  const reasons: Record<string, string> = {
    ENOENT: `no folder ${folder}`,
    ENOSPC: "a full disk",
    EROFS: "a disk that can only be read",
    EACCES: `a folder that may not be written to, ${folder}`,
    EPERM: `a folder that may not be written to, ${folder}`,
    ENAMETOOLONG: "a name that is too long",
  };
  return reasons[systemCode(cause) ?? ""] ?? reasonOf(cause);
}

function notWritable(path: string, got: string, cause?: unknown): FaceError {
  return new FaceError("STORAGE", { where: path, expected: "a place that can be written", got, cause });
}
