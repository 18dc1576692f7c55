import { MIN_TEXT_BYTES, piecesOfCrop, piecesOfVector } from "../erasure/index.ts";
import type { Erasure } from "../store.ts";
import { appendToLog } from "./commit.ts";
import type { Client, Connections } from "./connection.ts";
import { type Head, lockHead } from "./head.ts";
import { vectorOf } from "./rows.ts";
import { TABLES_OF_PEOPLE, vectorTable } from "./schema.ts";
import { searchServerFiles } from "./server-files.ts";

/** What a person leaves in the tables, gathered before it is removed. */
interface Traces {
  readonly people: readonly number[];
  readonly faces: readonly number[];
  readonly crops: number;
  readonly pieces: readonly Uint8Array[];
  readonly texts: readonly string[];
}

/**
 * Removes people and everything that is kept of them, rewrites the tables, and searches the server's files for their
 * bytes as far as this user may read them.
 *
 * Rewriting locks each table in turn and builds the approximate index anew.
 */
export async function erasePeople(
  connections: Connections,
  people: readonly number[],
  at: string,
): Promise<Erasure> {
  const { traces, logEffects, tables } = await connections.transaction(async (client) => {
    const head = await lockHead(client, connections.address);
    const vectors = vectorTables(head);
    const found = await tracesOf(client, vectors, people);
    return {
      traces: found,
      logEffects: await removeRows(client, head, vectors, found, at),
      tables: [...TABLES_OF_PEOPLE, ...vectors],
    };
  });
  const notProven: string[] = [];
  for (const table of tables) {
    try {
      await connections.rows(`VACUUM (FULL, ANALYZE) ${table}`);
    } catch (thrown) {
      notProven.push(`table ${table} could not be rewritten (${(thrown as Error).message}); forget again`);
    }
  }
  const texts: Uint8Array[] = [];
  for (const text of traces.texts) {
    if (await isUsedByOthers(connections, text))
      notProven.push(`"${text}" was not searched for: it is part of what is kept of others`);
    else if (Buffer.byteLength(text) >= MIN_TEXT_BYTES) texts.push(Buffer.from(text));
    else notProven.push(`"${text}" was not searched for: so short a text turns up by chance`);
  }
  const searched = await searchServerFiles(connections, tables, [...traces.pieces, ...texts], notProven);
  return { faces: traces.faces.length, crops: traces.crops, logEffects, searched, notProven };
}

/** Tables that hold vectors: while the gallery moves to another model there are two. */
function vectorTables({ generation, nextPipeline }: Head): string[] {
  return [generation, ...(nextPipeline ? [generation + 1] : [])].map(vectorTable);
}

/** Who and what goes: the people, those who were merged into them, and all their faces, deleted ones too. */
async function tracesOf(
  client: Client,
  vectors: readonly string[],
  people: readonly number[],
): Promise<Traces> {
  const everyone = await client.query<{ id: number }>(
    `WITH RECURSIVE everyone (id) AS (
       SELECT unnest($1::bigint[])
       UNION
       SELECT person.id FROM everyone JOIN effect ON (effect.after->>'person')::bigint = everyone.id
         JOIN log USING (sequence) JOIN person ON person.id = (effect.before->>'person')::bigint
       WHERE log.kind = 'merge' AND effect.subject = 'face' AND NOT person.present
     ) SELECT id FROM everyone`,
    [people],
  );
  const ids = everyone.rows.map(({ id }) => id);
  const faces = await client.query<{ id: number; source: string }>(
    "SELECT id, source FROM face WHERE person = ANY($1)",
    [ids],
  );
  const faceIds = faces.rows.map(({ id }) => id);
  const pieces: Uint8Array[] = [];
  for (const table of vectors) {
    const { rows } = await client.query<{ value: Buffer }>(
      `SELECT vector_send(value) AS value FROM ${table} WHERE face = ANY($1)`,
      [faceIds],
    );
    for (const { value } of rows) pieces.push(...piecesOfVector(vectorOf(value)));
  }
  const crops = await client.query<{ jpeg: Buffer }>("SELECT jpeg FROM crop WHERE face = ANY($1)", [faceIds]);
  for (const { jpeg } of crops.rows) pieces.push(...piecesOfCrop(jpeg));
  const names = await client.query<{ name: string | null }>(
    `SELECT name FROM person WHERE id = ANY($1)
     UNION SELECT before->>'name' FROM effect WHERE subject = 'person' AND id = ANY($1)`,
    [ids],
  );
  const texts = [
    ...names.rows.flatMap(({ name }) => (name === null ? [] : [name])),
    ...faces.rows.map(({ source }) => source),
  ];
  return { people: ids, faces: faceIds, crops: crops.rows.length, pieces, texts: [...new Set(texts)] };
}

async function removeRows(
  client: Client,
  head: Head,
  vectors: readonly string[],
  { people, faces }: Traces,
  at: string,
): Promise<number> {
  const about = "(subject = 'face' AND id = ANY($1) OR subject = 'person' AND id = ANY($2))";
  await client.query(
    `UPDATE log SET forgotten = forgotten + gone.effects
     FROM (SELECT sequence, count(*) AS effects FROM effect WHERE ${about} GROUP BY sequence) AS gone
     WHERE log.sequence = gone.sequence`,
    [faces, people],
  );
  const removed = await client.query(`DELETE FROM effect WHERE ${about}`, [faces, people]);
  for (const table of [...vectors, "crop"])
    await client.query(`DELETE FROM ${table} WHERE face = ANY($1)`, [faces]);
  await client.query("DELETE FROM face WHERE id = ANY($1)", [faces]);
  await client.query("DELETE FROM person WHERE id = ANY($1)", [people]);
  const gone = faces.map((id) => ({ subject: "face" as const, id, before: null, after: null }));
  await appendToLog(client, head, { kind: "forget", at, effects: gone });
  return removed.rowCount ?? 0;
}

async function isUsedByOthers(connections: Connections, text: string): Promise<boolean> {
  const [row] = await connections.rows<{ used: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM person WHERE strpos(name, $1) > 0)
       OR EXISTS (SELECT 1 FROM face WHERE strpos(source, $1) > 0)
       OR EXISTS (SELECT 1 FROM effect WHERE strpos(before->>'name', $1) > 0 OR strpos(after->>'name', $1) > 0) AS used`,
    [text],
  );
  return row?.used === true;
}
