import { randomUUID } from "node:crypto";
import pg from "pg";

/** The PostgreSQL server of the tests; undefined when there is none. */
export const server = process.env["ARCFACE_TEST_POSTGRES"];

/** Says why tests of PostgreSQL are skipped; undefined when they are not. */
export const missing =
  server === undefined
    ? 'skipped: ARCFACE_TEST_POSTGRES names no server; "tools/test-servers start FILE" starts one'
    : undefined;

/** Schemas of one test file on the server, which are dropped at its end. */
export class TestSchemas {
  readonly #made: string[] = [];

  /** The address of a place for a new gallery. */
  fresh(search: "exact" | "approximate"): URL {
    const schema = `test_${randomUUID().replaceAll("-", "").slice(0, 20)}`;
    this.#made.push(schema);
    return addressOf(schema, search);
  }

  /** The gallery of a store's address again, searched in a way of one's own. */
  again(address: string, search: "exact" | "approximate"): URL {
    return addressOf(new URL(address).searchParams.get("gallery")!, search);
  }

  /** The number of times that the server went through a gallery's graph. */
  async scansOfGraph(address: string): Promise<number> {
    const schema = new URL(address).searchParams.get("gallery");
    const sql =
      "SELECT idx_scan FROM pg_stat_user_indexes WHERE schemaname = $1 AND indexrelname LIKE '%nearest'";
    return await this.#with(async (client) => {
      // A connection reports what it did after a second of rest.
      for (let tries = 0; ; tries++) {
        const { rows } = await client.query<{ idx_scan: string }>(sql, [schema]);
        const scans = Number(rows[0]?.idx_scan ?? 0);
        if (scans > 0 || tries === 40) return scans;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    });
  }

  async drop(): Promise<void> {
    if (server === undefined) return;
    await this.#with(async (client) => {
      for (const schema of this.#made) await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    });
  }

  async #with<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client(server);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}

function addressOf(schema: string, search: string): URL {
  const url = new URL(server!);
  url.searchParams.set("gallery", schema);
  url.searchParams.set("search", search);
  return url;
}
