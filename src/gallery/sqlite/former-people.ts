import { type MergeEffect, type MergeEntry, Merges } from "../erasure/index.ts";
import type { FormerPerson } from "../store.ts";
import { allWith, type Connection } from "./connection.ts";

/** Everybody who ever bore one of the spellings of a name, and whom they became by merging. */
export function everNamed(connection: Connection, spellings: readonly string[]): FormerPerson[] {
  const bore = [
    "SELECT id FROM person WHERE name IN (?)",
    "SELECT id FROM effect WHERE subject = 'person' AND json_extract(before, '$.name') IN (?)",
    "SELECT id FROM effect WHERE subject = 'person' AND json_extract(after, '$.name') IN (?)",
  ].flatMap((sql) => allWith<{ id: number }>(connection, sql, spellings));
  if (bore.length === 0) return [];
  return formerPeople(connection, [...mergesOf(connection).became(bore.map(({ id }) => id))]);
}

/** Returns those of the people who are kept, there or not. */
export function formerPeople(connection: Connection, ids: readonly number[]): FormerPerson[] {
  return allWith<{ id: number; name: string; present: number; faces: number }>(
    connection,
    "SELECT id, name, present, (SELECT count(*) FROM face WHERE face.person = person.id) AS faces FROM person WHERE id IN (?)",
    ids,
  ).map(({ id, name, present, faces }) => ({ id, name, present: present === 1, faces }));
}

/** The people who became one. */
export function mergesOf(connection: Connection): Merges {
  return new Merges(
    connection.all<MergeEntry>("SELECT sequence, kind, undoes FROM log WHERE kind IN ('merge', 'undo')"),
    connection.all<MergeEffect>(
      `SELECT DISTINCT sequence, CASE WHEN subject = 'person' AND after IS NULL THEN id END AS "left",
         CASE WHEN subject = 'face' THEN json_extract(after, '$.person') WHEN subject = 'person' AND after IS NOT NULL THEN id END AS "into"
       FROM effect JOIN log USING (sequence) WHERE log.kind = 'merge'`,
    ),
  );
}
