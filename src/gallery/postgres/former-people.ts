import { type MergeEffect, type MergeEntry, Merges } from "../erasure/index.ts";
import type { FormerPerson } from "../store.ts";

/** Puts a question to the server, in a transaction or not. */
export type Ask = <Row>(sql: string, values?: readonly unknown[]) => Promise<Row[]>;

/** Everybody who ever bore one of the spellings of a name, and whom they became by merging. */
export async function everNamed(ask: Ask, spellings: readonly string[]): Promise<FormerPerson[]> {
  // Nobody has a name that the server cannot keep.
  const names = spellings.filter((name) => !name.includes("\0"));
  const bore = await ask<{ id: number }>(
    `SELECT id FROM person WHERE name = ANY($1)
     UNION SELECT id FROM effect WHERE subject = 'person' AND (before->>'name' = ANY($1) OR after->>'name' = ANY($1))`,
    [names],
  );
  if (bore.length === 0) return [];
  return await formerPeople(ask, [...(await mergesOf(ask)).became(bore.map(({ id }) => id))]);
}

/** Returns those of the people who are kept, there or not. */
export async function formerPeople(ask: Ask, ids: readonly number[]): Promise<FormerPerson[]> {
  return await ask<FormerPerson>(
    `SELECT id, name, present, (SELECT count(*) FROM face WHERE face.person = person.id) AS faces
     FROM person WHERE id = ANY($1) ORDER BY id`,
    [ids],
  );
}

/** The people who became one. */
export async function mergesOf(ask: Ask): Promise<Merges> {
  return new Merges(
    await ask<MergeEntry>("SELECT sequence, kind, undoes FROM log WHERE kind IN ('merge', 'undo')"),
    await ask<MergeEffect>(
      `SELECT DISTINCT sequence, CASE WHEN subject = 'person' AND after IS NULL THEN id END AS "left",
         CASE WHEN subject = 'face' THEN (after->>'person')::bigint WHEN subject = 'person' AND after IS NOT NULL THEN id END AS "into"
       FROM effect JOIN log USING (sequence) WHERE log.kind = 'merge'`,
    ),
  );
}
