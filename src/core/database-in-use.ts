import { existsSync, realpathSync } from "node:fs";
import { FaceError } from "./errors.ts";

/** Endings that SQLite appends to a database's name for the files that it keeps beside it. */
const BESIDE = /-(?:wal|shm|journal)$/;

/**
 * Tells whether a file belongs to a database that some process has open, as far as the files beside it tell (a database with
 * a write-ahead log, as galleries are).
 *
 * Such a file must not be opened by a process that may have the database open as well: closing it drops all locks of
 * the process on it (POSIX), and other processes then delete what was just written.
 */
export function isDatabaseInUse(path: string): boolean {
  let file: string;
  try {
    file = realpathSync.native(path);
  } catch {
    return false;
  }
  const database = file.replace(BESIDE, "");
  return existsSync(`${database}-shm`) && existsSync(database);
}

/**
 * To be asked before a file is opened that somebody named.
 *
 * Throws    FaceError BAD_FILE for a file of {@link isDatabaseInUse}
 */
export function expectNoDatabaseInUse(path: string, expected: string): void {
  if (isDatabaseInUse(path))
    throw new FaceError("BAD_FILE", { where: path, expected, got: "a database that is in use" });
}
