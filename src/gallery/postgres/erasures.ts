import { damaged } from "../checksum.ts";
import {
  type ErasureEngine,
  type ErasureRow,
  type ErasureTask,
  type FileSearch,
  finishOnOpening,
  formsOfVector,
  type Marks,
  orLater,
  type PieceKind,
  taskOf,
} from "../erasure/index.ts";
import type { Client, Connections } from "./connection.ts";
import { isWhole } from "./digests.ts";
import { readHead } from "./head.ts";
import { vectorOf } from "./rows.ts";
import { TABLES_OF_PEOPLE, vectorTables } from "./schema.ts";
import { searchServerFiles } from "./server-files.ts";

/** The time to wait for those who read a table before giving up to rewrite it. */
const PATIENCE = "60s";
const IMPATIENCE = "1s";

/** First number of the lock under which one process finishes what others left: "AFGE". */
const FINISHING_LOCK = 0x41464745;

/** The time to wait for those who still read what there was before, and between two looks. */
const READERS_MS = 15_000;
const LOOK_MS = 250;

/** Values read at a time. */
const PAGE = 1000;

/** Writes a task down, inside the caller's transaction. */
export async function addTask(client: Client, row: ErasureRow): Promise<void> {
  const { id, at, counts, names, marks, tries, receipt } = row;
  await client.query(
    "INSERT INTO erasure (id, at, counts, names, marks, tries, receipt) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    [id, at, counts, names, marks, tries, receipt],
  );
}

/** Finishes what was left unfinished, unless another process is about to. */
export async function finishLeftOver(connections: Connections): Promise<void> {
  const engine = new PostgresErasures(connections);
  await orLater(async () => {
    if ((await engine.tasks()).every(({ marks }) => marks === null)) return;
    await connections.transaction(async (client) => {
      const { rows } = await client.query<{ mine: boolean }>(
        "SELECT pg_try_advisory_xact_lock($1, hashtext($2)) AS mine",
        [FINISHING_LOCK, connections.schema],
      );
      if (rows[0]?.mine) await finishOnOpening(engine);
    });
  });
}

/**
 * Waits until every transaction is later than now, also one that only has a number, and the server's own analyses: dead
 * rows that an older one may see would be kept.
 */
async function waitForReaders(client: Client, patienceMs: number): Promise<string[]> {
  const now = await client.query<{ id: string }>("SELECT pg_current_xact_id()::xid::text AS id");
  for (let waited = 0; ; waited += LOOK_MS) {
    const { rows } = await client.query<{ older: number }>(
      `SELECT count(*) AS older FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND greatest(age(backend_xmin), age(backend_xid)) > age($1::text::xid)`,
      [now.rows[0]!.id],
    );
    const older = rows[0]!.older;
    if (older === 0) return [];
    if (waited >= patienceMs)
      return [
        `the tables could not be rewritten without the rows: transactions (${older}) began earlier and go on`,
      ];
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The operations of a schema for erasures. */
export class PostgresErasures implements ErasureEngine {
  readonly #connections: Connections;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  async tasks(): Promise<ErasureTask[]> {
    const rows = await this.#connections.rows<ErasureRow & { readonly whole: boolean }>(
      `SELECT id, at, counts, names, marks, tries, receipt, ${isWhole("erasure")} AS whole FROM erasure ORDER BY id`,
    );
    const { address } = this.#connections;
    return rows.map(({ whole, ...row }) => {
      if (!whole) throw damaged(address, `erasure ${row.id}`);
      return taskOf(address, row);
    });
  }

  /** Rewrites the tables without their dead rows, once nobody reads a state in which they are there. */
  async compact(patient: boolean): Promise<string[]> {
    return await this.#connections.session(async (client) => {
      const failed = await waitForReaders(client, patient ? READERS_MS : 0);
      // A table that this user does not own is passed over with a warning.
      const onNotice = ({
        severity,
        message,
      }: {
        severity?: string | undefined;
        message?: string | undefined;
      }): void => {
        if (severity === "WARNING") failed.push(`a table could not be rewritten: ${message}`);
      };
      client.on("notice", onNotice);
      await client.query(`SET lock_timeout = '${patient ? PATIENCE : IMPATIENCE}'`);
      for (const table of await this.#tables()) {
        try {
          await client.query(`VACUUM (FULL, ANALYZE) ${table}`);
        } catch (thrown) {
          const { message } = this.#connections.asError(thrown) as Error;
          failed.push(`table ${table} could not be rewritten yet (${message})`);
        }
      }
      await client.query("RESET lock_timeout");
      client.off("notice", onNotice);
      return failed;
    });
  }

  async search(marks: Marks): Promise<FileSearch> {
    return await searchServerFiles(this.#connections, await this.#tables(), marks);
  }

  async *kept(kind: PieceKind): AsyncGenerator<Uint8Array> {
    if (kind === "text") {
      yield* this.#texts("SELECT id AS key, name AS value FROM person");
      yield* this.#texts("SELECT id AS key, concat_ws(E'\\n', source, sha256) AS value FROM face");
      yield* this.#texts(
        `SELECT sequence AS key, string_agg(concat_ws(E'\\n', before->>'name', after->>'name'), E'\\n') AS value
         FROM effect WHERE subject = 'person' GROUP BY sequence`,
      );
    } else if (kind === "crop") yield* this.#pages<Buffer>("SELECT face AS key, jpeg AS value FROM crop");
    else {
      for (const table of vectorTables(await readHead(this.#connections))) {
        const values = this.#pages<Buffer>(`SELECT face AS key, vector_send(value) AS value FROM ${table}`);
        for await (const value of values) yield* formsOfVector(vectorOf(value));
      }
    }
  }

  async save({ id, marks, tries, receipt }: Parameters<ErasureEngine["save"]>[0]): Promise<void> {
    await this.#connections.rows("UPDATE erasure SET marks = $2, tries = $3, receipt = $4 WHERE id = $1", [
      id,
      marks,
      tries,
      receipt && JSON.stringify(receipt),
    ]);
  }

  async remove(tasks: readonly number[]): Promise<void> {
    await this.#connections.rows("DELETE FROM erasure WHERE id = ANY($1) AND receipt IS NOT NULL", [tasks]);
    // The digests leave the table's file, too, unless others read it; then with the next rewriting.
    await this.#connections.session(async (client) => {
      await client.query(`SET lock_timeout = '${IMPATIENCE}'`);
      await client.query("VACUUM FULL erasure").catch(() => undefined);
      await client.query("RESET lock_timeout");
    });
  }

  async #tables(): Promise<string[]> {
    return [...TABLES_OF_PEOPLE, ...vectorTables(await readHead(this.#connections))];
  }

  async *#texts(sql: string): AsyncGenerator<Uint8Array> {
    for await (const value of this.#pages<string | null>(sql)) if (value) yield Buffer.from(value);
  }

  /** Values in order of their keys, a page at a time. */
  async *#pages<V>(sql: string): AsyncGenerator<V> {
    for (let after = -1; ; ) {
      const rows = await this.#connections.rows<{ key: number; value: V }>(
        `SELECT key, value FROM (${sql}) AS kept WHERE key > $1 ORDER BY key LIMIT ${PAGE}`,
        [after],
      );
      for (const { value } of rows) yield value;
      if (rows.length < PAGE) return;
      after = rows.at(-1)!.key;
    }
  }
}
