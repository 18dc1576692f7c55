import { readdir, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { FaceError } from "../../core/index.ts";
import { ServiceError } from "../service-error.ts";
import { isInside } from "./job-pictures.ts";

/** A path that the service may read. */
export interface AllowedPath {
  /** Without links. */
  readonly path: string;
  /** The folder that allows it. */
  readonly within: string;
}

/** Folders that are told of at most. */
const MOST_TOLD = 200;

/** The folders that a service may read for long work, and nothing outside them. */
export class AllowedFolders {
  readonly #folders: readonly string[];

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /**
   * A path in one of the folders, or relative to one.
   *
   * Throws    ServiceError FORBIDDEN for any other, there or not; FaceError BAD_FILE where nothing is there
   */
  async expect(asked: string): Promise<AllowedPath> {
    let missing = false;
    for (const folder of this.#folders) {
      const within = await realpath(folder).catch(() => undefined);
      const path = resolve(folder, asked);
      if (within === undefined || asked.includes("\0") || !isInside(path, resolve(folder))) continue;
      const real = await realpath(path).catch(() => undefined);
      if (real === undefined) missing = true;
      else if (isInside(real, within)) return { path: real, within };
    }
    if (missing)
      throw new FaceError("USAGE", {
        where: "path",
        expected: "a file or folder that is there",
        got: "none",
      });
    throw new ServiceError("FORBIDDEN", {
      where: "path",
      expected: "one in a folder that the service may read",
      got: "another",
      note: "--allow-folder names them",
    });
  }

  /**
   * Those of the folders, and of the folders in them, that have folders themselves: as {@link expect} takes them. Links are
   * not followed.
   */
  async ofPeople(): Promise<string[]> {
    const found = new Set<string>();
    for (const [i, folder] of this.#folders.entries()) {
      const own = await foldersIn(folder);
      // A name is looked for in one folder after the other, so that the first alone can be meant by itself.
      if (i === 0 && own.length > 0) found.add(".");
      for (const name of own) {
        if (found.size >= MOST_TOLD) break;
        if ((await foldersIn(join(folder, name))).length > 0) found.add(name);
      }
    }
    return [...found];
  }
}

/** Names of a folder's folders, in order. */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .sort();
}
