import type { LinkState } from "../change.ts";
import {
  type BegunErasure,
  beginTask,
  emptyErasure,
  finishBegun,
  type Merges,
  type Piece,
  piecesOfCrop,
  piecesOfVector,
  type Traces,
} from "../erasure/index.ts";
import { mentions } from "../links.ts";
import type { ErasedPerson, Erasure } from "../store.ts";
import { appendToLog } from "./commit.ts";
import { allWith, type Connection } from "./connection.ts";
import { addTask, SqliteErasures } from "./erasures.ts";
import { mergesOf } from "./former-people.ts";
import { forgetInJobs } from "./jobs.ts";
import { dropNotes } from "./meta.ts";
import { vectorOf } from "./rows.ts";

/** Removes people and everything that is kept of them from the file, then packs it and searches it for their bytes. */
export async function erasePeople(
  connection: Connection,
  people: readonly number[],
  at: string,
): Promise<Erasure> {
  const begun = await connection.write(() => begin(connection, people, at));
  if (!begun) return emptyErasure(at);
  return await finishBegun(new SqliteErasures(connection), begun.id, begun.task);
}

function begin(
  connection: Connection,
  people: readonly number[],
  at: string,
): { readonly id: number; readonly task: BegunErasure } | undefined {
  const ids = everyoneOf(connection, people, mergesOf(connection));
  if (ids.length === 0) return undefined;
  const traces = tracesOf(connection, ids);
  const logEffects = removeRows(connection, traces);
  dropNotes(connection);
  forgetInJobs(connection, [...traces.texts, ...traces.people.flatMap(({ names }) => names)]);
  // Other processes need these to take the faces out of their indexes: numbers, and nothing about anybody.
  const gone = traces.faces.map((id) => ({ subject: "face" as const, id, before: null, after: null }));
  const id = appendToLog(connection, { kind: "forget", at, effects: gone });
  const task = beginTask(traces, logEffects, at);
  addTask(connection, { id, ...task.row });
  return { id, task };
}

/**
 * Everybody who goes: the people, those who were merged into them, and those who are nobody but them under another name.
 *
 * The latter had one of their faces, have none of their own and are not there; or they are there, but were made by
 * giving them such faces and never had any others.
 */
function everyoneOf(connection: Connection, people: readonly number[], merges: Merges): number[] {
  const known = allWith<{ id: number }>(connection, "SELECT id FROM person WHERE id IN (?)", people);
  const everyone = new Set(known.map(({ id }) => id));
  for (let size = -1; size !== everyone.size; ) {
    size = everyone.size;
    const merged = allWith<{ id: number }>(connection, "SELECT id FROM person WHERE id IN (?)", [
      ...merges.mergedInto(everyone),
    ]);
    for (const { id } of merged) everyone.add(id);
    connection.database.exec(
      "CREATE TEMP TABLE IF NOT EXISTS going (id INTEGER PRIMARY KEY); DELETE FROM temp.going",
    );
    for (const id of everyone) connection.run("INSERT INTO temp.going (id) VALUES (?)", id);
    for (const { id } of connection.all<{ id: number }>(ALIASES)) everyone.add(id);
  }
  return [...everyone];
}

const ALIASES = `
  WITH own AS (SELECT id FROM face WHERE person IN (SELECT id FROM temp.going)),
    once AS (
      SELECT json_extract(before, '$.person') AS id FROM effect WHERE subject = 'face' AND id IN (SELECT id FROM own)
      UNION
      SELECT json_extract(after, '$.person') FROM effect WHERE subject = 'face' AND id IN (SELECT id FROM own)
    )
  SELECT person.id FROM person JOIN once USING (id)
  WHERE NOT EXISTS (SELECT 1 FROM temp.going WHERE going.id = person.id)
    AND NOT EXISTS (SELECT 1 FROM face WHERE face.person = person.id)
    AND (NOT person.present OR (
      (SELECT log.kind FROM effect JOIN log USING (sequence)
       WHERE effect.subject = 'person' AND effect.id = person.id ORDER BY sequence LIMIT 1) IN ('move', 'split')
      AND NOT EXISTS (
        SELECT 1 FROM effect WHERE subject = 'face' AND effect.id NOT IN (SELECT id FROM own)
          AND person.id IN (json_extract(before, '$.person'), json_extract(after, '$.person')))))`;

function tracesOf(connection: Connection, ids: readonly number[]): Traces {
  const faces = allWith<{ id: number; person: number; source: string; sha256: string | null }>(
    connection,
    "SELECT id, person, source, sha256 FROM face WHERE person IN (?)",
    ids,
  );
  const faceIds = faces.map(({ id }) => id);
  const vectors = vectorTables(connection).flatMap((table) =>
    allWith<{ value: Uint8Array }>(connection, `SELECT value FROM ${table} WHERE face IN (?)`, faceIds),
  );
  const crops = allWith<{ jpeg: Uint8Array }>(connection, "SELECT jpeg FROM crop WHERE face IN (?)", faceIds);
  const pieces: Piece[][] = [
    ...vectors.map(({ value }) => piecesOfVector(vectorOf(value))),
    ...crops.map(({ jpeg }) => piecesOfCrop(jpeg)),
  ];
  return {
    people: peopleOf(connection, ids, faces),
    faces: faceIds,
    crops: crops.length,
    pieces: pieces.flat(),
    plain: pieces.filter((some) => some.length === 0).length,
    texts: faces.flatMap(({ source, sha256 }) => (sha256 === null ? [source] : [source, sha256])),
  };
}

function peopleOf(
  connection: Connection,
  ids: readonly number[],
  faces: readonly { readonly person: number }[],
): ErasedPerson[] {
  const names = new Map<number, Set<string>>(ids.map((id) => [id, new Set()]));
  const rows = [
    ...allWith<{ id: number; name: string | null }>(
      connection,
      "SELECT id, name FROM person WHERE id IN (?)",
      ids,
    ),
    ...["after", "before"].flatMap((state) =>
      allWith<{ id: number; name: string | null }>(
        connection,
        `SELECT id, json_extract(${state}, '$.name') AS name FROM effect WHERE subject = 'person' AND id IN (?) ORDER BY sequence DESC`,
        ids,
      ),
    ),
  ];
  for (const { id, name } of rows) if (name !== null) names.get(id)!.add(name);
  const counts = new Map<number, number>();
  for (const { person } of faces) counts.set(person, (counts.get(person) ?? 0) + 1);
  return ids.map((id) => ({ id, names: [...names.get(id)!], faces: counts.get(id) ?? 0 }));
}

/** Tables that hold vectors: while the gallery moves to another model there are two. */
function vectorTables(connection: Connection): string[] {
  return connection
    .all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'vector%'")
    .map(({ name }) => name);
}

/** Returns how many effects were taken out of the log, wholly or in part. */
function removeRows(connection: Connection, { people, faces }: Traces): number {
  let effects = 0;
  const forget = (subject: "person" | "face" | "link", id: number): void => {
    connection.run(
      "UPDATE log SET forgotten = forgotten + (SELECT count(*) FROM effect WHERE effect.sequence = log.sequence AND id = ? AND subject = ?) WHERE sequence IN (SELECT sequence FROM effect WHERE id = ? AND subject = ?)",
      id,
      subject,
      id,
      subject,
    );
    effects += connection.run("DELETE FROM effect WHERE id = ? AND subject = ?", id, subject);
  };
  for (const id of linksAbout(connection, faces)) forget("link", id);
  const tables = vectorTables(connection);
  for (const id of faces) {
    for (const table of tables) connection.run(`DELETE FROM ${table} WHERE face = ?`, id);
    connection.run("DELETE FROM crop WHERE face = ?", id);
    connection.run("DELETE FROM face WHERE id = ?", id);
    forget("face", id);
  }
  for (const { id } of people) {
    connection.run("DELETE FROM person WHERE id = ?", id);
    forget("person", id);
  }
  return effects + forgetOwners(connection);
}

/** Ids of what was ever said of one of the faces. */
function linksAbout(connection: Connection, faces: readonly number[]): Set<number> {
  const about = mentions(faces);
  const rows = connection.all<{ id: number; state: string }>(
    "SELECT id, coalesce(after, before) AS state FROM effect WHERE subject = 'link'",
  );
  return new Set(rows.filter(({ state }) => about(JSON.parse(state) as LinkState)).map(({ id }) => id));
}

/** Faces that stay and once were theirs come from nobody, in the log, and go to nobody. */
function forgetOwners(connection: Connection): number {
  const gone = (state: string): string => `json_extract(${state}, '$.person') IN (SELECT id FROM temp.going)`;
  const touched = connection.all<{ sequence: number; ordinal: number; before: number; after: number }>(
    `SELECT sequence, ordinal, before IS NULL OR ${gone("before")} AS before, after IS NULL OR ${gone("after")} AS after
     FROM effect WHERE subject = 'face' AND (${gone("before")} OR ${gone("after")})`,
  );
  for (const { sequence, ordinal, before, after } of touched) {
    connection.run("UPDATE log SET forgotten = forgotten + 1 WHERE sequence = ?", sequence);
    if (before && after)
      connection.run("DELETE FROM effect WHERE sequence = ? AND ordinal = ?", sequence, ordinal);
    else
      connection.run(
        `UPDATE effect SET ${before ? "before" : "after"} = NULL WHERE sequence = ? AND ordinal = ?`,
        sequence,
        ordinal,
      );
  }
  connection.run("DELETE FROM temp.going");
  return touched.length;
}
