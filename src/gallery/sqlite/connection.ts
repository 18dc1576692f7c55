import { rmSync } from "node:fs";
import { type Database, openDatabase, retryBusy, storing } from "./driver.ts";
import { defineChecksums } from "./integrity.ts";
import { OpenedFiles } from "./opened-files.ts";
import { expectOwnLog } from "./own-log.ts";
import { countChange } from "./schema.ts";

/** A value that goes into or comes out of SQLite. */
export type SqlValue = string | number | null | Uint8Array;

/** A file with its prepared statements. */
export class Connection {
  readonly path: string;
  readonly database: Database;
  readonly #done = new Set<string>();
  readonly #files: OpenedFiles;
  readonly #statements = new Map<string, ReturnType<Database["prepare"]>>();

  private constructor(path: string, database: Database) {
    this.path = path;
    this.database = database;
    this.#files = new OpenedFiles(path);
  }

  /** Throws FaceError STORAGE, BAD_FILE; CONFLICT when the log beside the file is another's. */
  static async open(path: string, options: { readonly readOnly?: boolean } = {}): Promise<Connection> {
    await expectOwnLog(path);
    const database = await openDatabase(path, options);
    defineChecksums(database);
    return new Connection(path, database);
  }

  /** All rows of a query. */
  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return storing(this.path, () => this.#prepare(sql).all(...values) as Row[]);
  }

  /** The first row of a query. */
  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return storing(this.path, () => this.#prepare(sql).get(...values) as Row | undefined);
  }

  /** Does something once for this opening of the file, unless it throws. */
  once(what: string, work: () => void): void {
    if (this.#done.has(what)) return;
    work();
    this.#done.add(what);
  }

  /** Rows one after the other; nothing else may run on this connection in between. */
  iterate<Row>(sql: string, ...values: SqlValue[]): Iterable<Row> {
    return this.#prepare(sql).iterate(...values) as Iterable<Row>;
  }

  /** Runs inside a transaction; errors stay SQLite's own, so that a lock held elsewhere can be told from the rest. */
  run(sql: string, ...values: SqlValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /**
   * Runs `work` as the one writer, durable when it returns; asks again while another process writes.
   *
   * Throws    FaceError STORAGE when the file is no longer the one at its path: a change to it would be lost
   */
  async write<T>(work: () => T): Promise<T> {
    const result = await retryBusy(this.path, () =>
      this.#transaction("BEGIN IMMEDIATE", () => {
        this.#files.expectSame();
        const result = work();
        countChange(this.database);
        return result;
      }),
    );
    this.#files.expectSame();
    return result;
  }

  /** Runs `work` on one state of the file, whatever others write meanwhile. */
  async read<T>(work: () => T): Promise<T> {
    return await retryBusy(this.path, () => this.#transaction("BEGIN", work));
  }

  /**
   * The file alone holds everything afterwards, unless another process writes it.
   *
   * SQLite sees to that when the last connection closes; but the driver for Node 20 lets go of a file only when its
   * statements are collected. What lies beside a file that was deleted is removed: it holds people's vectors.
   */
  close(): void {
    this.#statements.clear();
    try {
      this.database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // On a disk that is full or can only be read, the log beside the file keeps what the file lacks.
    }
    const left = this.#files.leftBehind();
    this.database.close();
    for (const path of left) rmSync(path, { force: true });
  }

  #transaction<T>(begin: string, work: () => T): T {
    this.database.exec(begin);
    try {
      const result = work();
      this.database.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk ends the transaction by itself.
      if (this.database.isTransaction) this.database.exec("ROLLBACK");
      throw error;
    }
  }

  #prepare(sql: string): ReturnType<Database["prepare"]> {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Questions of at most this many ids at a time: SQLite bounds the number of parameters. */
const IDS_AT_ONCE = 500;

/** Rows for many ids: `sql` holds `(?)` where the list of ids belongs. */
export function allWith<Row>(connection: Connection, sql: string, ids: readonly SqlValue[]): Row[] {
  const rows: Row[] = [];
  for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
    const some = ids.slice(start, start + IDS_AT_ONCE);
    const padded = [...some, ...new Array<SqlValue>(IDS_AT_ONCE - some.length).fill(null)];
    // Always the same number of parameters, so that one prepared statement serves every question.
    const few = some.length <= 8;
    const list = few ? padded.slice(0, 8) : padded;
    const marks = list.map(() => "?").join(",");
    rows.push(...connection.all<Row>(sql.replace("(?)", `(${marks})`), ...list));
  }
  return rows;
}
