import type { Change, FaceContent, FaceState, PersonState } from "../change.ts";
import { nameTaken } from "../change.ts";
import { checkChange, type Outcome, subjectsOf } from "../check-change.ts";
import { checksumOfBytes, checksumOfVector, damaged } from "../checksum.ts";
import { bigintField, booleanField, copyRows, textField, vectorField } from "./binary-copy.ts";
import type { Client } from "./connection.ts";
import { isWhole } from "./digests.ts";
import type { Head } from "./head.ts";
import { linksWith } from "./rows.ts";
import { vectorTable } from "./schema.ts";

/** Applies a change inside the caller's transaction, which holds the head, and returns its sequence. */
export async function applyChange(
  client: Client,
  address: string,
  head: Head,
  change: Change,
): Promise<number> {
  const subjects = subjectsOf(change);
  const people = await client.query<{ id: number; whole: boolean } & PersonState>(
    `SELECT id, name, expires, ${isWhole("person")} AS whole FROM person WHERE present AND id = ANY($1)`,
    [subjects.people],
  );
  const faces = await client.query<{ id: number; present: boolean; whole: boolean } & FaceState>(
    `SELECT id, person, present, ${isWhole("face")} AS whole FROM face WHERE id = ANY($1)`,
    [subjects.faces],
  );
  const facesOfLeaving = await client.query<{ id: number }>(
    "SELECT id FROM face WHERE present AND person = ANY($1)",
    [subjects.leaving],
  );
  for (const { id, whole } of people.rows) if (!whole) throw damaged(address, `person ${id}`);
  for (const { id, whole } of faces.rows) if (!whole) throw damaged(address, `face ${id}`);
  const outcome = checkChange(address, change, {
    people: new Map(people.rows.map(({ id, name, expires }) => [id, { name, expires }])),
    faces: new Map(faces.rows.flatMap(({ id, person, present }) => (present ? [[id, { person }]] : []))),
    facesOfLeaving: facesOfLeaving.rows.map(({ id }) => id),
    kept: new Set(faces.rows.map(({ id }) => id)),
    links: await linksWith(client, address, subjects.links),
  });
  await writePeople(client, address, outcome.people);
  await addContents(client, vectorTable(head.generation), change.contents, outcome.faces);
  await writeFaces(client, vectorTable(head.generation), change.contents, outcome.faces);
  return await appendToLog(client, head, change);
}

/** Adds an entry to the log and returns its sequence. */
export async function appendToLog(
  client: Client,
  head: Head,
  { kind, at, undoes, effects }: Omit<Change, "contents">,
): Promise<number> {
  const sequence = head.sequence + 1;
  await client.query("INSERT INTO log (sequence, kind, at, undoes) VALUES ($1, $2, $3, $4)", [
    sequence,
    kind,
    at,
    undoes ?? null,
  ]);
  await client.query(
    `INSERT INTO effect (sequence, ordinal, subject, id, before, after)
     SELECT $1, ordinal, subject, id, before::jsonb, after::jsonb
     FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[]) WITH ORDINALITY AS e (subject, id, before, after, ordinal)`,
    [
      sequence,
      effects.map(({ subject }) => subject),
      effects.map(({ id }) => id),
      effects.map(({ before }) => before && JSON.stringify(before)),
      effects.map(({ after }) => after && JSON.stringify(after)),
    ],
  );
  await client.query("UPDATE head SET sequence = $1", [sequence]);
  return sequence;
}

async function writePeople(client: Client, address: string, people: Outcome["people"]): Promise<void> {
  if (people.size === 0) return;
  const ids = [...people.keys()];
  // Names are freed before they are taken, so that people can change names in one step.
  await client.query("UPDATE person SET present = false WHERE id = ANY($1)", [ids]);
  const staying = [...people].flatMap(([id, state]) => (state ? [{ id, ...state }] : []));
  const names = staying.map(({ name }) => name);
  const taken = await client.query<{ name: string }>(
    "SELECT name FROM person WHERE present AND name = ANY($1::text[]) LIMIT 1",
    [names],
  );
  const twice = names.find((name, i) => names.indexOf(name) !== i) ?? taken.rows[0]?.name;
  if (twice !== undefined) throw nameTaken(address, twice);
  await client.query(
    `INSERT INTO person (id, name, expires, present)
     SELECT id, name, expires, true FROM unnest($1::bigint[], $2::text[], $3::text[]) AS p (id, name, expires)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, expires = excluded.expires, present = true`,
    [staying.map(({ id }) => id), names, staying.map(({ expires }) => expires)],
  );
}

/** Contents of new faces, through binary COPY: a bulk import and a single face go the same way. */
async function addContents(
  client: Client,
  vectors: string,
  contents: readonly FaceContent[],
  faces: Outcome["faces"],
): Promise<void> {
  if (contents.length === 0) return;
  const present = (id: number): Buffer => booleanField(Boolean(faces.get(id)));
  await copyRows(
    client,
    "face",
    ["id", "person", "present", "source", "sha256", "details"],
    contents.map(({ id, provenance: { source, sha256, ...details } }) => [
      bigintField(id),
      bigintField(faces.get(id)?.person ?? 0),
      present(id),
      textField(source),
      sha256 === null ? null : textField(sha256),
      textField(JSON.stringify(details)),
    ]),
  );
  await copyRows(
    client,
    vectors,
    ["face", "present", "value", "checksum"],
    mapped(contents, ({ id, vector }) => [
      bigintField(id),
      present(id),
      vectorField(vector),
      bigintField(checksumOfVector(id, vector)),
    ]),
  );
  const withCrop = contents.filter(({ crop }) => crop);
  if (withCrop.length === 0) return;
  await copyRows(
    client,
    "crop",
    ["face", "jpeg", "checksum"],
    mapped(withCrop, ({ id, crop }) => [
      bigintField(id),
      Buffer.from(crop!),
      bigintField(checksumOfBytes(id, crop!)),
    ]),
  );
}

/** Faces that were there before, or that an undo brings back. */
async function writeFaces(
  client: Client,
  vectors: string,
  contents: readonly FaceContent[],
  faces: Outcome["faces"],
): Promise<void> {
  const fresh = new Set(contents.map(({ id }) => id));
  const known = [...faces].filter(([id]) => !fresh.has(id));
  if (known.length === 0) return;
  const ids = known.map(([id]) => id);
  const people = known.map(([, state]) => state?.person ?? null);
  await client.query(
    `UPDATE face SET present = f.person IS NOT NULL, person = coalesce(f.person, face.person)
     FROM unnest($1::bigint[], $2::bigint[]) AS f (id, person) WHERE face.id = f.id`,
    [ids, people],
  );
  await client.query(
    `UPDATE ${vectors} AS v SET present = f.person IS NOT NULL
     FROM unnest($1::bigint[], $2::bigint[]) AS f (id, person)
     WHERE v.face = f.id AND v.present <> (f.person IS NOT NULL)`,
    [ids, people],
  );
}

function* mapped<T, U>(items: Iterable<T>, to: (item: T) => U): Generator<U> {
  for (const item of items) yield to(item);
}
