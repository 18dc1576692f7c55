import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * A file's one full path, whatever spelling of it is given and whatever links lead to its folder; undefined where nothing
 * is there. A link to a file is a file of its own, as where photographs are listed. Not asynchronous: some microseconds.
 */
export function realPathOf(path: string): string | undefined {
  try {
    statSync(path);
    return join(realpathSync.native(dirname(path)), basename(path));
  } catch {
    return undefined;
  }
}

/** The file that a path leads to, by device and number: the same for all links, hard ones too; undefined where nothing is there or files have no numbers. */
export function fileIdentityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return ino === 0n ? undefined : `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}
