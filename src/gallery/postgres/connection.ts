import pg from "pg";
import { FaceError, type Fault, reasonOf } from "../../core/index.ts";
import type { GalleryAddress } from "../address.ts";

/** Address of a gallery on a PostgreSQL server. */
export type PostgresAddress = Extract<GalleryAddress, { engine: "postgres" }>;

/** A connection inside a transaction. */
export type Client = pg.PoolClient;

/** bigint columns as numbers: ids and sequences stay below 2⁵³. */
const types = new pg.TypeOverrides();
types.setTypeParser(20, Number);

/** Connections of one process to one gallery. */
const MAX_CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 10_000;

/** Connections to a gallery's schema. */
export class Connections {
  readonly #pool: pg.Pool;
  readonly schema: string;
  /** The address without a password. */
  readonly address: string;

  constructor({ url, schema, search }: PostgresAddress) {
    const server = new URL(url);
    // The driver takes an address's own options in place of these, and the tables would be looked for elsewhere.
    const own = server.searchParams.get("options") ?? "";
    server.searchParams.delete("options");
    const shown = new URL(url);
    shown.password = "";
    // Parameters of the driver may hold a password as well.
    shown.search = "";
    shown.searchParams.set("gallery", schema);
    if (search === "exact") shown.searchParams.set("search", search);
    this.address = shown.href;
    this.schema = schema;
    this.#pool = new pg.Pool({
      connectionString: server.href,
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      types,
      // Tables by their plain names; the extension lives in public unless its keeper put it elsewhere.
      options: `${own} -c search_path=${schema},public -c hnsw.ef_search=200 -c hnsw.iterative_scan=relaxed_order`,
      application_name: "arcface",
    });
    // A connection that breaks while nobody uses it is replaced; who uses it gets the error itself.
    this.#pool.on("error", () => undefined);
  }

  /** Rows of a query. Throws FaceError. */
  async rows<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.#pool.query(sql, values as unknown[])).rows as Row[];
    } catch (thrown) {
      throw this.asError(thrown);
    }
  }

  /** Runs `work` in one transaction, durable when the promise resolves. */
  async transaction<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((thrown: unknown) => {
      throw this.asError(thrown);
    });
    let broken: Error | undefined;
    const onError = (error: Error): void => {
      broken = error;
    };
    client.on("error", onError);
    try {
      await client.query("BEGIN");
      const result = await work(client);
      await client.query("COMMIT");
      return result;
    } catch (thrown) {
      await client.query("ROLLBACK").catch((error: unknown) => {
        broken ??= error instanceof Error ? error : new Error(String(error));
      });
      throw this.asError(thrown);
    } finally {
      client.off("error", onError);
      client.release(broken);
    }
  }

  /** Runs `work` on one connection, outside a transaction: some commands want that. Throws FaceError. */
  async session<T>(work: (client: Client) => Promise<T>): Promise<T> {
    let broken: Error | undefined;
    const onError = (error: Error): void => {
      broken = error;
    };
    let client: Client | undefined;
    try {
      client = await this.#pool.connect();
      client.on("error", onError);
      return await work(client);
    } catch (thrown) {
      throw this.asError(thrown);
    } finally {
      client?.off("error", onError);
      client?.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Turns an error of the driver or the server into this library's. */
  asError(thrown: unknown): unknown {
    if (thrown instanceof FaceError) return thrown;
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
    const reason = reasonOf(thrown);
    const error = (kind: "STORAGE" | "BAD_FILE" | "USAGE", fault: Fault): FaceError =>
      new FaceError(kind, { where: this.address, ...fault, cause: thrown });
    if (code === "53100")
      return error("STORAGE", { expected: "room on the server's disk", got: "none left" });
    if (code === "25006")
      return error("STORAGE", {
        expected: "a gallery that can be written",
        got: "one that can only be read",
      });
    if (code === "28P01" || code === "28000" || code === "3D000")
      return error("USAGE", { expected: "a user and a database the server knows", reason });
    if (code.startsWith("22")) return error("USAGE", { expected: "values the server can keep", reason });
    // data_corrupted, index_corrupted
    if (code === "XX001" || code === "XX002")
      return error("BAD_FILE", { expected: "a gallery that is whole", got: `a damaged one: ${reason}` });
    return error("STORAGE", { expected: "the server to answer", reason: reason || code });
  }
}

/** PostgreSQL's code of a table that is not there. */
export const UNDEFINED_TABLE = "42P01";

/** PostgreSQL's code of what was thrown, also behind this library's error. */
export function serverCode(thrown: unknown): string | undefined {
  const inner = thrown instanceof FaceError ? thrown.cause : thrown;
  return inner instanceof Error && "code" in inner ? String(inner.code) : undefined;
}
