import { checksumOfBytes } from "../checksum.ts";
import { type Respelling, respellings } from "../respelling.ts";
import { floatsOfField } from "./binary-copy.ts";
import type { Client } from "./connection.ts";
import { MIGRATIONS } from "./schema.ts";

/** Rows that get their checksum in one question. */
const STEP = 1000;

/**
 * Applies the migrations that a schema of a version lacks, inside the caller's transaction. Returns the names that are
 * spelled otherwise now.
 */
export async function applyMigrations(client: Client, version: number): Promise<Respelling[]> {
  const respelled: Respelling[] = [];
  for (const migration of MIGRATIONS.slice(version)) {
    if (migration === "checksums") await addChecksums(client);
    else if (migration === "names") respelled.push(...(await respell(client)));
    else await client.query(migration);
  }
  return respelled;
}

/** A checksum for every vector and crop. */
async function addChecksums(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tablename ~ '^vector_[0-9]+$'",
  );
  const of = (name: string, value: string): { name: string; value: string } => ({ name, value });
  for (const { name, value } of [
    ...rows.map((row) => of(row.name, "vector_send(value)")),
    of("crop", "jpeg"),
  ]) {
    await client.query(`ALTER TABLE ${name} ADD COLUMN checksum bigint`);
    for (let after = -1; ; ) {
      const page = await client.query<{ face: number; value: Buffer }>(
        `SELECT face, ${value} AS value FROM ${name} WHERE face > $1 ORDER BY face LIMIT ${STEP}`,
        [after],
      );
      const faces = page.rows.map(({ face }) => face);
      const checksums = page.rows.map((row) =>
        checksumOfBytes(row.face, name === "crop" ? row.value : bytesOfField(row.value)),
      );
      await client.query(
        `UPDATE ${name} SET checksum = c.checksum FROM unnest($1::bigint[], $2::bigint[]) AS c (face, checksum) WHERE ${name}.face = c.face`,
        [faces, checksums],
      );
      if (faces.length < STEP) break;
      after = faces.at(-1)!;
    }
  }
}

function bytesOfField(field: Buffer): Uint8Array {
  return new Uint8Array(floatsOfField(field).buffer);
}

/** Brings all names, also those in the log, into the spelling that names have now. */
async function respell(client: Client): Promise<Respelling[]> {
  const state = (column: string): string =>
    `SELECT ${column}->>'name' AS name, id FROM effect WHERE subject = 'person' AND ${column} IS NOT NULL`;
  const { rows } = await client.query<{ name: string }>(
    `SELECT name, min(id) AS id FROM (
       SELECT name, id FROM person UNION ALL ${state("before")} UNION ALL ${state("after")}
     ) AS names WHERE name IS NOT NULL GROUP BY name ORDER BY id, name COLLATE "C"`,
  );
  const changed = respellings(rows.map(({ name }) => name));
  for (const { from, to } of changed) {
    await client.query("UPDATE person SET name = $1 WHERE name = $2", [to, from]);
    for (const column of ["before", "after"]) {
      await client.query(
        `UPDATE effect SET ${column} = jsonb_set(${column}, '{name}', to_jsonb($1::text)) WHERE subject = 'person' AND ${column}->>'name' = $2`,
        [to, from],
      );
    }
  }
  return changed;
}
