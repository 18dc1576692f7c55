import { opendir, realpath, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { FaceError, systemCode } from "../core/index.ts";
import { IMAGE_EXTENSIONS } from "../image/index.ts";

/**
 * The photographs behind paths: a file stands for itself whatever its name, a folder for the pictures in it and in
 * its folders, in order of their names. Links are followed once; one that leads back is passed over.
 *
 * Throws    FaceError BAD_FILE for a path with nothing there
 */
export async function listImages(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const entry = await stat(path).catch((cause: unknown) => {
      // What a link that leads back to itself is will be said when it is read.
      if (systemCode(cause) === "ELOOP") return undefined;
      throw new FaceError("BAD_FILE", `${path}: expected a file or a folder, got nothing there`, { cause });
    });
    if (entry?.isDirectory()) await walk(path, found, new Set([await realpath(path)]));
    else found.push(path);
  }
  return [...new Set(found)];
}

async function walk(folder: string, found: string[], above: ReadonlySet<string>): Promise<void> {
  const names: string[] = [];
  for await (const entry of await opendir(folder)) names.push(entry.name);
  for (const name of names.sort()) {
    const path = join(folder, name);
    const entry = await stat(path).catch(() => undefined);
    if (entry?.isDirectory()) {
      const real = await realpath(path);
      if (!above.has(real)) await walk(path, found, new Set([...above, real]));
    } else if (IMAGE_EXTENSIONS.includes(extname(name).toLowerCase())) {
      // A broken link with a picture's name is listed too: reading it will say what is wrong.
      found.push(path);
    }
  }
}
