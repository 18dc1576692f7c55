import { FaceError } from "../../core/index.ts";
import type { Respelling } from "../respelling.ts";
import { type Database, isBusy, storing } from "./driver.ts";
import { addChecksums, addErasureChecksums } from "./integrity.ts";
import { CREATE_JOBS } from "./job-tables.ts";
import { respell } from "./respell.ts";

/** SQLite's application id of a gallery: "AFG1". */
export const APPLICATION_ID = 0x41464731;

/** A change that no SQL can make alone. Returns the names that it spelled otherwise. */
type Migration = (database: Database) => readonly Respelling[];

/**
 * Each version's additions to the one before. The lowest byte of `user_version` says how many of them a file
 * has.
 *
 * A deleted person or face stays with `present` 0, so that deleting can be undone; forgetting removes rows.
 */
export const MIGRATIONS: readonly (string | Migration)[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE person (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, expires TEXT, present INTEGER NOT NULL
  );
  CREATE UNIQUE INDEX person_name ON person (name) WHERE present;
  CREATE INDEX person_expires ON person (expires) WHERE present AND expires IS NOT NULL;
  CREATE TABLE face (
    id INTEGER PRIMARY KEY, person INTEGER NOT NULL, present INTEGER NOT NULL,
    source TEXT NOT NULL, sha256 TEXT, details TEXT NOT NULL
  );
  CREATE INDEX face_person ON face (person, id);
  CREATE INDEX face_sha256 ON face (sha256) WHERE sha256 IS NOT NULL;
  CREATE TABLE vector (face INTEGER PRIMARY KEY, value BLOB NOT NULL);
  CREATE TABLE crop (face INTEGER PRIMARY KEY, jpeg BLOB NOT NULL);
  CREATE TABLE log (
    sequence INTEGER PRIMARY KEY, kind TEXT NOT NULL, at TEXT NOT NULL, undoes INTEGER,
    forgotten INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX log_undoes ON log (undoes) WHERE undoes IS NOT NULL;
  CREATE TABLE effect (
    sequence INTEGER NOT NULL, ordinal INTEGER NOT NULL, subject TEXT NOT NULL, id INTEGER NOT NULL,
    before TEXT, after TEXT, PRIMARY KEY (sequence, ordinal)
  ) WITHOUT ROWID;
  CREATE INDEX effect_subject ON effect (id, subject);
  `,
  // Erasures that are not finished, by the sequence of their entry in the log; see erasure/task.ts.
  `
  CREATE TABLE erasure (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, counts TEXT NOT NULL, names TEXT NOT NULL, marks TEXT,
    tries INTEGER NOT NULL, receipt TEXT
  );
  `,
  addChecksums,
  respell,
  addErasureChecksums,
  CREATE_JOBS,
  // Somebody's word about faces is an effect like others; there are few among many.
  "CREATE INDEX effect_link ON effect (sequence, ordinal) WHERE subject = 'link';",
];

/** Seven vectors of 512 numbers share a page of this size; on pages of 4,096 bytes each would waste half of its own. */
const PAGE_BYTES = 16_384;

/**
 * Settings of each connection: readers beside one writer (WAL), a commit is on the disk when it returns (FULL),
 * and what is deleted is overwritten.
 */
export function setUp(database: Database, path: string, writes: boolean): void {
  storing(path, () => {
    if (writes) {
      database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
      database.exec("PRAGMA journal_mode = WAL");
      database.exec("PRAGMA synchronous = FULL");
      database.exec("PRAGMA secure_delete = ON");
      database.exec("PRAGMA wal_autocheckpoint = 1000");
    }
    database.exec("PRAGMA cache_size = -32000");
  });
}

/** The number of migrations that a file has; 0 for a new one. Throws FaceError BAD_FILE for another program's database. */
export function versionOf(database: Database, path: string): number {
  const version = numberOf(database, path, "PRAGMA user_version") & VERSION;
  const application = numberOf(database, path, "PRAGMA application_id");
  const tables = numberOf(database, path, "SELECT count(*) FROM sqlite_master");
  if (application === APPLICATION_ID || (application === 0 && tables === 0)) return version;
  throw new FaceError("BAD_FILE", { where: path, expected: "a gallery", got: "another program's database" });
}

/**
 * Brings a file to this program's version, inside the caller's transaction. Returns the names that are spelled
 * otherwise now.
 *
 * Throws    FaceError BAD_FILE for a file of a newer program
 */
export function migrate(database: Database, path: string): Respelling[] {
  const version = versionOf(database, path);
  if (version > MIGRATIONS.length) {
    throw new FaceError("BAD_FILE", {
      where: path,
      expected: `a gallery of version ${MIGRATIONS.length} or earlier`,
      got: version,
      note: "use a newer arcface",
    });
  }
  const respelled: Respelling[] = [];
  for (const migration of MIGRATIONS.slice(version)) {
    if (typeof migration === "string") database.exec(migration);
    else respelled.push(...migration(database));
  }
  if (version < MIGRATIONS.length) {
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    const kept = numberOf(database, path, "PRAGMA user_version") & ~VERSION;
    database.exec(`PRAGMA user_version = ${kept | MIGRATIONS.length}`);
  }
  return respelled;
}

/** The part of `user_version` that is the version; above it is the number of the last change, which starts again. */
const VERSION = 0xff;
const CHANGES = 0x3f_ffff;

/** The number of the last change, in a `user_version`. */
export const changeNumber = (userVersion: number): number => (userVersion >> 8) & CHANGES;

/** The number of the change after one. */
export const followingChange = (number: number): number => (number + 1) & CHANGES;

/**
 * Numbers a change, inside the caller's transaction. That writes page 1 as well, by which a write-ahead log is known to
 * be a file's own.
 */
export function countChange(database: Database): void {
  const row = database.prepare("PRAGMA user_version").get() as { user_version: number };
  const following = followingChange(changeNumber(row.user_version));
  database.exec(`PRAGMA user_version = ${(following << 8) | (row.user_version & VERSION)}`);
}

function numberOf(database: Database, path: string, sql: string): number {
  try {
    const row = database.prepare(sql).get() as Record<string, number>;
    return Number(Object.values(row)[0]);
  } catch (thrown) {
    if (isBusy(thrown)) throw thrown;
    return storing(path, () => {
      throw thrown;
    });
  }
}
