import { FaceError } from "../../core/index.ts";
import type { Pipeline } from "../../models/index.ts";
import type { GallerySettings } from "../store.ts";
import type { Connections } from "./connection.ts";
import { lockHead, readHead } from "./head.ts";
import { applyMigrations } from "./migrate.ts";
import {
  createVectorIndex,
  createVectorTable,
  HEAD,
  MAX_INDEXED_DIMENSION,
  MIGRATIONS,
  vectorIndex,
} from "./schema.ts";

/** Number of the lock under which galleries are made, so that two never make the same one: "AFG1". */
const CREATION_LOCK = 0x41464731;

/**
 * Makes the schema and tables of a new gallery, and the extension where the database lacks it.
 *
 * Throws    FaceError CONFLICT when the schema holds a gallery or anything else, USAGE when the server has no pgvector
 */
export async function createGallery(
  connections: Connections,
  pipeline: Pipeline,
  settings: GallerySettings,
): Promise<void> {
  const { address, schema } = connections;
  await connections.transaction(async (client) => {
    await client.query("SELECT pg_advisory_xact_lock($1)", [CREATION_LOCK]);
    const { rows } = await client.query<{ tables: number; gallery: boolean; extension: string | null }>(
      `SELECT (SELECT count(*) FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace WHERE nspname = $1) AS tables,
              EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'head') AS gallery,
              (SELECT default_version FROM pg_available_extensions WHERE name = 'vector') AS extension`,
      [schema],
    );
    const { tables, gallery, extension } = rows[0]!;
    if (gallery) throw new FaceError("CONFLICT", { where: address, expected: "no gallery yet", got: "one" });
    if (tables > 0) {
      throw new FaceError("CONFLICT", {
        where: address,
        expected: `an empty schema "${schema}"`,
        got: "one with other tables",
        note: "choose another with gallery=NAME",
      });
    }
    if (extension === null)
      throw new FaceError("USAGE", {
        where: address,
        expected: "a server with pgvector",
        got: "one without",
      });
    await client.query("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public");
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await client.query(HEAD);
    await applyMigrations(client, 0);
    await client.query(createVectorTable(1, pipeline.model.dimension));
    await client.query(
      "INSERT INTO head (version, sequence, generation, contract, settings) VALUES ($1, 0, 1, $2, $3)",
      [MIGRATIONS.length, JSON.stringify(pipeline), JSON.stringify(settings)],
    );
  });
}

/**
 * Builds the approximate index unless it is there; changes wait meanwhile, questions do not.
 *
 * Throws    FaceError USAGE when the server's pgvector is too old
 */
export async function indexVectors(connections: Connections): Promise<void> {
  const { generation, pipeline } = await readHead(connections);
  if (pipeline.model.dimension > MAX_INDEXED_DIMENSION) return;
  const [row] = await connections.rows<{ index: string | null; halfvec: string | null }>(
    "SELECT to_regclass($1)::text AS index, to_regtype('halfvec')::text AS halfvec",
    [vectorIndex(generation)],
  );
  if (row?.index) return;
  if (!row?.halfvec) {
    throw new FaceError("USAGE", {
      where: connections.address,
      expected: "pgvector 0.7 or later for approximate search",
      got: "an earlier one",
      note: "add search=exact",
    });
  }
  await connections.transaction(async (client) => {
    const head = await lockHead(client, connections.address);
    await client.query(createVectorIndex(head.generation, head.pipeline.model.dimension));
  });
}
