import { readdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { FaceError } from "../../core/index.ts";

/**
 * The files that a connection has open, by their inodes. A file that is deleted or replaced stays open and takes
 * changes that nobody will ever read: whoever writes looks here first.
 *
 * Looking does not open them: a file that is opened and closed beside SQLite loses the process's locks.
 */
export class OpenedFiles {
  readonly #path: string;
  /** Inodes by path; the write-ahead log is there from the first change on. */
  readonly #inodes = new Map<string, string>();

  /** @param path of a file that was just opened */
  constructor(path: string) {
    // The process may change its folder.
    this.#path = resolve(path);
    this.expectSame();
  }

  /**
   * The files beside a gallery that was deleted, not moved: nobody can use them. To be asked while they are open.
   *
   * Returns   no files where that is in doubt
   */
  leftBehind(): string[] {
    const [file, log] = [this.#inodes.get(this.#path), this.#inodes.get(`${this.#path}-wal`)];
    if (!file || !log || inodeOf(this.#path) || inodeOf(`${this.#path}-wal`) !== log) return [];
    return isUnnamed(file) ? [`${this.#path}-wal`, `${this.#path}-shm`] : [];
  }

  /** Throws FaceError STORAGE when one of them is gone or another is in its place. */
  expectSame(): void {
    for (const path of [this.#path, `${this.#path}-wal`]) {
      const known = this.#inodes.get(path);
      const now = inodeOf(path);
      if (known === undefined && now !== undefined) this.#inodes.set(path, now);
      if (known === undefined || known === now) continue;
      throw new FaceError("STORAGE", {
        where: path,
        expected: "the file that was opened",
        got: now === undefined ? "none" : "another in its place",
        note: "the change is not kept, open the gallery again",
      });
    }
  }
}

/** Tells whether this process has a file open that no folder names any more; false where the system does not tell. */
function isUnnamed(inode: string): boolean {
  const open = "/proc/self/fd";
  try {
    return readdirSync(open).some((fd) => {
      const file = statSync(`${open}/${fd}`, { bigint: true, throwIfNoEntry: false });
      return file?.nlink === 0n && `${file.dev}:${file.ino}` === inode;
    });
  } catch {
    return false;
  }
}

/** Device and inode of a file; undefined when there is none, or none that can be reached. */
function inodeOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
