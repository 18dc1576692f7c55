import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, DatabaseSyncInstance } from "@photostructure/sqlite";
import { FaceError, type Fault, reasonOf, systemCode } from "../../core/index.ts";
import { loadPackage } from "../../registry/index.ts";
import { DRIVER_PACKAGE } from "./driver-package.ts";

/** A connection to a file, with the interface of `node:sqlite`. */
export type Database = DatabaseSyncInstance;

/** Waiting inside SQLite for another process's lock; long waits are slept outside, see `retryBusy`. */
const BUSY_TIMEOUT_MS = 250;

let driver: Promise<typeof DatabaseSync> | undefined;

/** Node's own SQLite where it has one (22.13 and later), else a package with the same interface, fetched when it is not there. */
async function loadDriver(): Promise<typeof DatabaseSync> {
  const builtIn: string = "node:sqlite";
  try {
    return ((await import(builtIn)) as { DatabaseSync: typeof DatabaseSync }).DatabaseSync;
  } catch {
    return ((await loadPackage(DRIVER_PACKAGE)) as { DatabaseSync: typeof DatabaseSync }).DatabaseSync;
  }
}

/** Opens a file. Throws FaceError STORAGE, BAD_FILE. */
export async function openDatabase(
  path: string,
  options: { readonly readOnly?: boolean } = {},
): Promise<Database> {
  driver ??= loadDriver();
  const Driver = await driver;
  return storing(path, () => new Driver(path, { ...options, timeout: BUSY_TIMEOUT_MS }));
}

const SQLITE_ERROR = 1;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_FULL = 13;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;
const SQLITE_CONSTRAINT = 19;

/** SQLite's primary result code of what was thrown, if SQLite threw it. */
function resultCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if ("errcode" in thrown && typeof thrown.errcode === "number") return thrown.errcode & 0xff;
  const code = systemCode(thrown);
  // A number that no JavaScript number holds was never written.
  if (code === "ERR_OUT_OF_RANGE") return SQLITE_CORRUPT;
  // The driver for Node 20 leaves the code out where it reads rows.
  if (code === "ERR_SQLITE_ERROR")
    return MESSAGES.find(([text]) => thrown.message.includes(text))?.[1] ?? SQLITE_ERROR;
  return undefined;
}

/** SQLite's words for a code. Source: sqlite3_errstr */
const MESSAGES: readonly (readonly [string, number])[] = [
  ["malformed", SQLITE_CORRUPT],
  ["is not a database", SQLITE_NOTADB],
  ["is locked", SQLITE_BUSY],
  ["is full", SQLITE_FULL],
  ["readonly database", SQLITE_READONLY],
  ["unable to open", SQLITE_CANTOPEN],
  ["disk I/O error", SQLITE_IOERR],
];

/** Tells whether another process holds the lock. */
export function isBusy(thrown: unknown): boolean {
  const code = resultCode(thrown instanceof FaceError ? thrown.cause : thrown);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

/** Tells whether a uniqueness rule was broken. */
export function isConstraint(thrown: unknown): boolean {
  return resultCode(thrown) === SQLITE_CONSTRAINT;
}

/** Turns an error of SQLite into this library's; leaves anything else as it is. */
export function asStorageError(path: string, thrown: unknown): unknown {
  const code = resultCode(thrown);
  if (code === undefined) return thrown;
  const error = (kind: "STORAGE" | "BAD_FILE", fault: Fault): FaceError =>
    new FaceError(kind, { where: path, ...fault, cause: thrown });
  switch (code) {
    case SQLITE_FULL:
      return error("STORAGE", {
        expected: "room on the disk",
        got: "none left",
        note: "nothing of this change was kept",
      });
    case SQLITE_READONLY:
      return error("STORAGE", {
        expected: "a gallery that can be written",
        got: "one that can only be read",
      });
    // SQLite keeps files beside a gallery, so on a disk that can only be read it cannot even be opened.
    case SQLITE_CANTOPEN:
      return error("STORAGE", {
        expected: "a gallery in a folder that can be written",
        got: "one that cannot be",
      });
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return error("BAD_FILE", { expected: "a gallery", got: "a file that is none or is damaged" });
    default:
      // Where SQLite cannot enlarge the index of its log, it says no more than that.
      if (code === SQLITE_IOERR && isFull(path))
        return error("STORAGE", {
          expected: "room on the disk",
          got: "none left",
          note: "free some and try again",
        });
      return error("STORAGE", {
        expected: "a gallery that can be read and written",
        reason: reasonOf(thrown),
      });
  }
}

/** The least size of SQLite's files. */
const ROOM_BYTES = 65_536;

/** Tells whether the disk that holds a path has no room. */
function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < ROOM_BYTES;
  } catch {
    return false;
  }
}

/** Runs something of SQLite's; what it throws becomes this library's error. */
export function storing<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw asStorageError(path, thrown);
  }
}

/** The time to keep asking for the write lock before giving up, in tries of 250 ms and a pause each. */
const BUSY_TRIES = 240;

/**
 * Runs something again while another process holds the lock, leaving the thread free in between.
 *
 * @param most how often, at a quarter of a second each
 * Throws    FaceError STORAGE when the lock is held all the time; for a minute by default
 */
export async function retryBusy<T>(path: string, run: () => T, most = BUSY_TRIES): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return run();
    } catch (thrown) {
      if (!isBusy(thrown) || tries >= most) throw asStorageError(path, thrown);
    }
    await new Promise((resolve) => setTimeout(resolve, 5 + (tries % 7)));
  }
}
