import { realpathSync, statSync } from "node:fs";

/** A file's one full path, whatever spelling or link of it is given; undefined where nothing is there. Not asynchronous: some microseconds. */
export function realPathOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}

/** Which file a path leads to, by device and number: the same for all links, hard ones too; undefined where nothing is there or files have no numbers. */
export function fileIdentityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return ino === 0n ? undefined : `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}
