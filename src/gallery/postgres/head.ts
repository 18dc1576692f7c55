import { FaceError } from "../../core/index.ts";
import { expectUnmoved, type GalleryPipeline, storedPipeline } from "../gallery-pipeline.ts";
import type { Respelling } from "../respelling.ts";
import type { GallerySettings } from "../store.ts";
import { GallerySettingsSchema, stored } from "../stored.ts";
import { type Client, type Connections, serverCode, UNDEFINED_TABLE } from "./connection.ts";
import { applyMigrations } from "./migrate.ts";
import { MIGRATIONS } from "./schema.ts";

/** What a schema says about its gallery. */
export interface Head {
  /** How many migrations the schema has. */
  readonly version: number;
  /** Sequence of the last change. */
  readonly sequence: number;
  /** Which vector table holds the vectors. */
  readonly generation: number;
  readonly pipeline: GalleryPipeline;
  readonly settings: GallerySettings;
  /** The pipeline that the gallery is moving to; null while it is not moving. */
  readonly nextPipeline: GalleryPipeline | null;
}

interface HeadRow {
  readonly version: number;
  readonly sequence: number;
  readonly generation: number;
  readonly contract: unknown;
  readonly settings: unknown;
  readonly next_contract: unknown;
}

const COLUMNS = "version, sequence, generation, contract, settings, next_contract";

/** The head as it was last committed. Throws FaceError BAD_FILE when there is no gallery. */
export async function readHead(connections: Connections): Promise<Head> {
  try {
    return headOf(connections.address, await connections.rows<HeadRow>(`SELECT ${COLUMNS} FROM head`));
  } catch (thrown) {
    if (serverCode(thrown) === UNDEFINED_TABLE) throw noGallery(connections.address);
    throw thrown;
  }
}

/**
 * The head, locked until the transaction ends: whoever holds it is the only writer.
 *
 * The commit waits for the disk even where the server's default is not to.
 */
export async function lockHead(client: Client, address: string): Promise<Head> {
  const setting = "current_setting('synchronous_commit')";
  await client.query(
    `SELECT set_config('synchronous_commit', CASE ${setting} WHEN 'off' THEN 'on' ELSE ${setting} END, true)`,
  );
  return headOf(address, (await client.query<HeadRow>(`SELECT ${COLUMNS} FROM head FOR UPDATE`)).rows);
}

/**
 * Brings a schema to this program's version. Returns the names that are spelled otherwise now.
 *
 * Throws    FaceError BAD_FILE for a schema of a newer program
 */
export async function migrate(connections: Connections): Promise<Respelling[]> {
  if ((await readHead(connections)).version === MIGRATIONS.length) return [];
  return await connections.transaction(async (client) => {
    const { version } = await lockHead(client, connections.address);
    const respelled = await applyMigrations(client, version);
    await client.query("UPDATE head SET version = $1", [MIGRATIONS.length]);
    return respelled;
  });
}

/** Throws FaceError MODEL_MISMATCH when the gallery was moved to another pipeline since it was opened. */
export function expectSamePipeline(address: string, head: Head, opened: GalleryPipeline): void {
  expectUnmoved(address, head.pipeline, opened);
}

function headOf(address: string, [row]: readonly HeadRow[]): Head {
  if (!row) throw noGallery(address);
  if (row.version > MIGRATIONS.length) {
    throw new FaceError(
      "BAD_FILE",
      `${address}: expected a gallery of version ${MIGRATIONS.length} or earlier, got ${row.version}; use a newer arcface`,
    );
  }
  return {
    version: row.version,
    sequence: row.sequence,
    generation: row.generation,
    pipeline: storedPipeline(address, row.contract),
    settings: stored(address, "its settings", row.settings, GallerySettingsSchema),
    nextPipeline: row.next_contract === null ? null : storedPipeline(address, row.next_contract),
  };
}

function noGallery(address: string): FaceError {
  return new FaceError(
    "BAD_FILE",
    `${address}: expected a gallery, got no such schema; make one with "arcface gallery create"`,
  );
}
