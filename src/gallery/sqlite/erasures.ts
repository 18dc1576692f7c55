import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { checksumOfValues, damaged } from "../checksum.ts";
import {
  type ErasureEngine,
  type ErasureRow,
  type ErasureTask,
  type FileSearch,
  formsOfVector,
  type Marks,
  type PieceKind,
  searchFiles,
  taskOf,
} from "../erasure/index.ts";
import type { Connection } from "./connection.ts";
import { asStorageError, retryBusy } from "./driver.ts";
import { vectorOf } from "./rows.ts";

/** The folder of files that are derived from a gallery, such as maps of its faces; forgetting anybody empties it. */
export function derivedFolderOf(path: string): string {
  return `${path}.derived`;
}

/** The number of times that a lock is asked for, at a quarter of a second each. */
const PATIENCE = 40;

/** Values read at a time. */
const PAGE = 500;

/** Writes a task down, inside the caller's transaction. */
export function addTask(connection: Connection, row: ErasureRow): void {
  const { id, at, counts, names, marks, tries, receipt } = row;
  connection.run(
    "INSERT INTO erasure (id, at, counts, names, marks, tries, receipt) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ...[id, at, counts, names, marks, tries, receipt],
  );
}

/** The operations of a file for erasures. */
export class SqliteErasures implements ErasureEngine {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async tasks(): Promise<ErasureTask[]> {
    const { path } = this.#connection;
    return this.#connection
      .all<ErasureRow & { readonly checksum: number | null }>(
        "SELECT id, at, counts, names, marks, tries, receipt, checksum FROM erasure ORDER BY id",
      )
      .map(({ id, at, counts, names, marks, tries, receipt, checksum }) => {
        if (checksum !== checksumOfValues([id, at, counts, names, marks, tries, receipt]))
          throw damaged(path, `erasure ${id}`);
        return taskOf(path, { id, at, counts, names, marks, tries, receipt });
      });
  }

  /** Packs the file and empties the write-ahead log, in which older pages stand. */
  async compact(patient: boolean): Promise<string[]> {
    const { path, database } = this.#connection;
    const tries = patient ? PATIENCE : 1;
    try {
      await rm(derivedFolderOf(path), { recursive: true, force: true });
      await retryBusy(path, () => database.exec("VACUUM"), tries);
      await this.#emptyLog(tries);
      return [];
    } catch (thrown) {
      const why = (asStorageError(path, thrown) as Error).message;
      return [`the file could not be packed yet (${why})`];
    }
  }

  async search(marks: Marks): Promise<FileSearch> {
    const { path } = this.#connection;
    const derived = derivedFolderOf(path);
    const rest = await readdir(derived).catch(() => []);
    const paths = [
      ...["", "-wal", "-shm", "-journal"].map((ending) => path + ending),
      ...rest.map((name) => join(derived, name)),
    ];
    try {
      return { files: await searchFiles(paths, marks), beyond: [], failed: [] };
    } catch (thrown) {
      const why = (thrown as Error).message;
      return { files: [], beyond: [], failed: [`the files could not be searched: ${why}`] };
    }
  }

  async *kept(kind: PieceKind): AsyncGenerator<Uint8Array> {
    if (kind === "text") {
      yield* this.#texts("SELECT id AS key, name AS value FROM person");
      yield* this.#texts("SELECT id AS key, source || char(10) || coalesce(sha256, '') AS value FROM face");
      // Names in the log, as JSON has them.
      yield* this.#texts(
        `SELECT sequence AS key, group_concat(coalesce(before, '') || coalesce(after, '')) AS value
         FROM effect WHERE subject = 'person' GROUP BY sequence`,
      );
      return;
    }
    if (kind === "crop") {
      for await (const jpeg of this.#blobs("SELECT face AS key, jpeg AS value FROM crop")) yield jpeg;
      return;
    }
    for (const table of ["vector", ...(this.#hasNext() ? ["vector_next"] : [])])
      for await (const value of this.#blobs(`SELECT face AS key, value FROM ${table}`))
        yield* formsOfVector(vectorOf(value));
  }

  async save({ id, marks, tries, receipt }: Parameters<ErasureEngine["save"]>[0]): Promise<void> {
    await this.#connection.write(() =>
      this.#connection.run(
        "UPDATE erasure SET marks = ?, tries = ?, receipt = ? WHERE id = ?",
        marks,
        tries,
        receipt && JSON.stringify(receipt),
        id,
      ),
    );
  }

  async remove(tasks: readonly number[]): Promise<void> {
    await this.#connection.write(() => {
      for (const id of tasks)
        this.#connection.run("DELETE FROM erasure WHERE id = ? AND receipt IS NOT NULL", id);
    });
    // The digests leave the write-ahead log, too, or later with what is written over them.
    await this.#emptyLog(1).catch(() => undefined);
  }

  async #emptyLog(tries: number): Promise<void> {
    const { path, database } = this.#connection;
    await retryBusy(
      path,
      () => {
        const row = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() as { busy: number };
        if (row.busy) throw Object.assign(new Error("database is locked"), { errcode: 5 });
      },
      tries,
    );
  }

  #hasNext(): boolean {
    const sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'vector_next'";
    return this.#connection.get(sql) !== undefined;
  }

  async *#texts(sql: string): AsyncGenerator<Uint8Array> {
    for (const value of this.#pages<string>(sql)) yield Buffer.from(value);
  }

  async *#blobs(sql: string): AsyncGenerator<Uint8Array> {
    yield* this.#pages<Uint8Array>(sql);
  }

  /** Values in order of their keys, a page at a time, so that others may write in between. */
  *#pages<V>(sql: string): Generator<V> {
    for (let after = -1; ; ) {
      const rows = this.#connection.all<{ key: number; value: V }>(
        `SELECT key, value FROM (${sql}) WHERE key > ? ORDER BY key LIMIT ${PAGE}`,
        after,
      );
      for (const { value } of rows) yield value;
      if (rows.length < PAGE) return;
      after = rows.at(-1)!.key;
    }
  }
}
