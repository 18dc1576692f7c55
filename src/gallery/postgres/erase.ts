import {
  type BegunErasure,
  beginTask,
  emptyErasure,
  finishBegun,
  type Piece,
  piecesOfCrop,
  piecesOfVector,
  type Traces,
} from "../erasure/index.ts";
import type { ErasedPerson, Erasure } from "../store.ts";
import { appendToLog } from "./commit.ts";
import type { Client, Connections } from "./connection.ts";
import { addTask, PostgresErasures } from "./erasures.ts";
import { type Ask, mergesOf } from "./former-people.ts";
import { type Head, lockHead } from "./head.ts";
import { forgetInJobs } from "./jobs.ts";
import { vectorOf } from "./rows.ts";
import { vectorTables } from "./schema.ts";

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
  const begun = await connections.transaction(async (client) => {
    const head = await lockHead(client, connections.address);
    return await begin(client, head, people, at);
  });
  if (!begun) return emptyErasure(at);
  return await finishBegun(new PostgresErasures(connections), begun.id, begun.task);
}

async function begin(
  client: Client,
  head: Head,
  people: readonly number[],
  at: string,
): Promise<{ readonly id: number; readonly task: BegunErasure } | undefined> {
  const ids = await everyoneOf(client, people);
  if (ids.length === 0) return undefined;
  const traces = await tracesOf(client, vectorTables(head), ids);
  const logEffects = await removeRows(client, vectorTables(head), traces);
  await client.query("DELETE FROM note");
  await forgetInJobs(client, [...traces.texts, ...traces.people.flatMap(({ names }) => names)]);
  // Other processes need these to take the faces out of their indexes: numbers, and nothing about anybody.
  const gone = traces.faces.map((id) => ({ subject: "face" as const, id, before: null, after: null }));
  const id = await appendToLog(client, head, { kind: "forget", at, effects: gone });
  const task = beginTask(traces, logEffects, at);
  await addTask(client, { id, ...task.row });
  return { id, task };
}

/**
 * Everybody who goes: the people, those who were merged into them, and those who are nobody but them under another name.
 *
 * The latter had one of their faces, have none of their own and are not there; or they are there, but were made by
 * giving them such faces and never had any others.
 */
async function everyoneOf(client: Client, people: readonly number[]): Promise<number[]> {
  const ask: Ask = async <Row>(sql: string, values: readonly unknown[] = []) =>
    (await client.query(sql, values as unknown[])).rows as Row[];
  const merges = await mergesOf(ask);
  const everyone = new Set(people);
  for (let size = -1; size !== everyone.size; ) {
    size = everyone.size;
    const merged = [...merges.mergedInto(everyone)];
    const aliases = await ask<{ id: number }>(ALIASES, [merged]);
    for (const id of [...merged, ...aliases.map((alias) => alias.id)]) everyone.add(id);
  }
  const known = await ask<{ id: number }>("SELECT id FROM person WHERE id = ANY($1)", [[...everyone]]);
  return known.map(({ id }) => id);
}

const ALIASES = `
  WITH own AS MATERIALIZED (SELECT id FROM face WHERE person = ANY($1)),
    once AS (
      SELECT (before->>'person')::bigint AS id FROM effect WHERE subject = 'face' AND id IN (SELECT id FROM own)
      UNION
      SELECT (after->>'person')::bigint FROM effect WHERE subject = 'face' AND id IN (SELECT id FROM own)
    )
  SELECT person.id FROM person JOIN once USING (id)
  WHERE person.id <> ALL($1)
    AND NOT EXISTS (SELECT 1 FROM face WHERE face.person = person.id)
    AND (NOT person.present OR (
      (SELECT log.kind FROM effect JOIN log USING (sequence)
       WHERE effect.subject = 'person' AND effect.id = person.id ORDER BY sequence LIMIT 1) IN ('move', 'split')
      AND NOT EXISTS (
        SELECT 1 FROM effect WHERE subject = 'face' AND effect.id NOT IN (SELECT id FROM own)
          AND (person.id = (before->>'person')::bigint OR person.id = (after->>'person')::bigint))))`;

async function tracesOf(client: Client, vectors: readonly string[], ids: readonly number[]): Promise<Traces> {
  const faces = await client.query<{ id: number; person: number; source: string; sha256: string | null }>(
    "SELECT id, person, source, sha256 FROM face WHERE person = ANY($1)",
    [ids],
  );
  const faceIds = faces.rows.map(({ id }) => id);
  const pieces: Piece[][] = [];
  for (const table of vectors) {
    const { rows } = await client.query<{ value: Buffer }>(
      `SELECT vector_send(value) AS value FROM ${table} WHERE face = ANY($1)`,
      [faceIds],
    );
    for (const { value } of rows) pieces.push(piecesOfVector(vectorOf(value)));
  }
  const crops = await client.query<{ jpeg: Buffer }>("SELECT jpeg FROM crop WHERE face = ANY($1)", [faceIds]);
  for (const { jpeg } of crops.rows) pieces.push(piecesOfCrop(jpeg));
  return {
    people: await peopleOf(client, ids, faces.rows),
    faces: faceIds,
    crops: crops.rows.length,
    pieces: pieces.flat(),
    plain: pieces.filter((some) => some.length === 0).length,
    texts: faces.rows.flatMap(({ source, sha256 }) => (sha256 === null ? [source] : [source, sha256])),
  };
}

async function peopleOf(
  client: Client,
  ids: readonly number[],
  faces: readonly { readonly person: number }[],
): Promise<ErasedPerson[]> {
  const { rows } = await client.query<{ id: number; name: string | null }>(
    `SELECT id, name FROM (
       SELECT id, name, 2^53 AS at FROM person WHERE id = ANY($1)
       UNION ALL SELECT id, state->>'name', sequence FROM effect, unnest(ARRAY[after, before]) AS state
         WHERE subject = 'person' AND id = ANY($1)
     ) AS named ORDER BY at DESC`,
    [ids],
  );
  const names = new Map<number, Set<string>>(ids.map((id) => [id, new Set()]));
  for (const { id, name } of rows) if (name !== null) names.get(id)!.add(name);
  const counts = new Map<number, number>();
  for (const { person } of faces) counts.set(person, (counts.get(person) ?? 0) + 1);
  return ids.map((id) => ({ id, names: [...names.get(id)!], faces: counts.get(id) ?? 0 }));
}

/** Returns how many effects were taken out of the log, wholly or in part. */
async function removeRows(
  client: Client,
  vectors: readonly string[],
  { people, faces }: Traces,
): Promise<number> {
  const ids = people.map(({ id }) => id);
  const links = await client.query<{ id: number }>(
    `SELECT DISTINCT id FROM effect WHERE subject = 'link' AND EXISTS (
       SELECT 1 FROM jsonb_array_elements_text(coalesce(after, before)->'faces') AS face WHERE face::bigint = ANY($1))`,
    [faces],
  );
  const said = links.rows.map(({ id }) => id);
  const about =
    "(subject = 'face' AND id = ANY($1) OR subject = 'person' AND id = ANY($2) OR subject = 'link' AND id = ANY($3))";
  // Faces that stay and once were theirs come from nobody, in the log, and go to nobody.
  const gone = (state: string): string => `coalesce((${state}->>'person')::bigint = ANY($2), false)`;
  const touched = `(${about} OR subject = 'face' AND (${gone("before")} OR ${gone("after")}))`;
  const counted = await client.query<{ effects: number }>(
    `WITH touched AS (SELECT sequence, count(*) AS effects FROM effect WHERE ${touched} GROUP BY sequence),
       marked AS (
         UPDATE log SET forgotten = forgotten + touched.effects FROM touched WHERE log.sequence = touched.sequence
       )
     SELECT coalesce(sum(effects), 0)::bigint AS effects FROM touched`,
    [faces, ids, said],
  );
  await client.query(
    `DELETE FROM effect WHERE ${about} OR subject = 'face' AND (${gone("before")} OR ${gone("after")})
       AND (before IS NULL OR ${gone("before")}) AND (after IS NULL OR ${gone("after")})`,
    [faces, ids, said],
  );
  await client.query(
    `UPDATE effect SET before = CASE WHEN ${gone("before").replace("$2", "$1")} THEN NULL ELSE before END,
       after = CASE WHEN ${gone("after").replace("$2", "$1")} THEN NULL ELSE after END
     WHERE subject = 'face' AND (${gone("before").replace("$2", "$1")} OR ${gone("after").replace("$2", "$1")})`,
    [ids],
  );
  for (const table of [...vectors, "crop"])
    await client.query(`DELETE FROM ${table} WHERE face = ANY($1)`, [faces]);
  await client.query("DELETE FROM face WHERE id = ANY($1)", [faces]);
  await client.query("DELETE FROM person WHERE id = ANY($1)", [ids]);
  return counted.rows[0]!.effects;
}
