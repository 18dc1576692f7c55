import { FaceError } from "../../core/index.ts";
import { damaged } from "../checksum.ts";
import { expectUnmoved, type GalleryPipeline, storedPipeline } from "../gallery-pipeline.ts";
import type { Respelling } from "../respelling.ts";
import type { GallerySettings } from "../store.ts";
import { GallerySettingsSchema, stored } from "../stored.ts";
import { type Client, type Connections, serverCode, UNDEFINED_TABLE } from "./connection.ts";
import { isWhole } from "./digests.ts";
import { applyMigrations } from "./migrate.ts";
import { MIGRATIONS } from "./schema.ts";

/** A schema's statements about its gallery. */
export interface Head {
  /** The number of migrations that the schema has. */
  readonly version: number;
  /** Sequence of the last change. */
  readonly sequence: number;
  /** The number of the table that holds the vectors. */
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
  readonly whole: boolean;
}

const COLUMNS = `version, sequence, generation, contract, settings, next_contract, ${isWhole("head")} AS whole`;

/** The head as it was last committed. Throws FaceError BAD_FILE. */
export async function readHead(connections: Connections): Promise<Head> {
  return headOf(connections.address, await connections.rows<HeadRow>(`SELECT ${COLUMNS} FROM head`));
}

/**
 * The head, locked until the transaction ends: whoever holds it is the only writer.
 *
 * The commit waits for the disk even where the server's default is not to.
 */
export async function lockHead(client: Client, address: string): Promise<Head> {
  await waitForDisk(client);
  return headOf(address, (await client.query<HeadRow>(`SELECT ${COLUMNS} FROM head FOR UPDATE`)).rows);
}

async function waitForDisk(client: Client): Promise<void> {
  const setting = "current_setting('synchronous_commit')";
  await client.query(
    `SELECT set_config('synchronous_commit', CASE ${setting} WHEN 'off' THEN 'on' ELSE ${setting} END, true)`,
  );
}

/**
 * Brings a schema to this program's version. Returns the names that are spelled otherwise now.
 *
 * Throws    FaceError BAD_FILE when there is no gallery, or one of a newer program
 */
export async function migrate(connections: Connections): Promise<Respelling[]> {
  const { address } = connections;
  const ask = "SELECT version FROM head";
  const rows = await connections.rows<VersionRow>(ask).catch((thrown: unknown) => {
    throw serverCode(thrown) === UNDEFINED_TABLE ? noGallery(address) : thrown;
  });
  if (versionOf(address, rows) === MIGRATIONS.length) return [];
  return await connections.transaction(async (client) => {
    await waitForDisk(client);
    const version = versionOf(address, (await client.query<VersionRow>(`${ask} FOR UPDATE`)).rows);
    const respelled = await applyMigrations(client, version);
    await client.query("UPDATE head SET version = $1", [MIGRATIONS.length]);
    return respelled;
  });
}

type VersionRow = Pick<HeadRow, "version">;

/** The number of migrations that a schema has. Throws FaceError BAD_FILE when this program is older. */
function versionOf(address: string, [row]: readonly VersionRow[]): number {
  if (!row) throw damaged(address, 'the row of table "head"');
  if (row.version <= MIGRATIONS.length) return row.version;
  throw new FaceError("BAD_FILE", {
    where: address,
    expected: `a gallery of version ${MIGRATIONS.length} or earlier`,
    got: row.version,
    note: "use a newer arcface",
  });
}

/** Throws FaceError MODEL_MISMATCH when the gallery was moved to another pipeline since it was opened. */
export function expectSamePipeline(address: string, head: Head, opened: GalleryPipeline): void {
  expectUnmoved(address, head.pipeline, opened);
}

function headOf(address: string, [row]: readonly HeadRow[]): Head {
  if (!row?.whole) throw damaged(address, 'the row of table "head"');
  return {
    version: versionOf(address, [row]),
    sequence: row.sequence,
    generation: row.generation,
    pipeline: storedPipeline(address, row.contract),
    settings: stored(address, "its settings", row.settings, GallerySettingsSchema),
    nextPipeline: row.next_contract === null ? null : storedPipeline(address, row.next_contract),
  };
}

function noGallery(address: string): FaceError {
  return new FaceError("BAD_FILE", {
    where: address,
    expected: "a gallery",
    got: "no such schema",
    note: 'make one with "arcface gallery create"',
  });
}
