import { asUnitVector, type UnitVector } from "../../core/index.ts";
import type { ChangeKind, Effect, FaceState, LinkState, LogEntry, PersonState } from "../change.ts";
import { checksumOfBytes, checksumOfOwner, checksumOfValues, damaged } from "../checksum.ts";
import { type Link, standingLinks } from "../links.ts";
import type { GalleryFace, Person, Provenance } from "../records.ts";
import { allWith, type Connection } from "./connection.ts";
import { expectWholeLog } from "./integrity.ts";

/** A face as a row of the table, which every query for faces selects. */
export interface FaceRow {
  readonly id: number;
  readonly person: number;
  readonly source: string;
  readonly sha256: string | null;
  readonly details: string;
  readonly present: number;
  readonly owner: number | null;
  readonly checksum: number | null;
}

/** Columns of {@link FaceRow}. */
export const FACE_COLUMNS =
  "face.id, face.person, face.source, face.sha256, face.details, face.present, face.owner, face.checksum";

/** A row as a face. Throws FaceError BAD_FILE when it is not as it was written. */
export function faceOf({ path }: Connection, row: FaceRow): GalleryFace {
  const { id, person, source, sha256, details } = row;
  expectOwner(path, row, row.present);
  if (row.checksum !== checksumOfValues([id, source, sha256, details])) throw damaged(path, `face ${id}`);
  return {
    id,
    person,
    provenance: { source, sha256, ...(JSON.parse(details) as Omit<Provenance, "source" | "sha256">) },
  };
}

/** Throws FaceError BAD_FILE when the row does not say whose the face is as it was written. */
export function expectOwner(
  path: string,
  row: Pick<FaceRow, "id" | "person" | "owner">,
  present: number,
): void {
  if (row.owner !== checksumOfOwner(row.id, row.person, present)) throw damaged(path, `face ${row.id}`);
}

/** A person as a row of the table. */
export interface PersonRow extends Person {
  readonly present: number;
  readonly checksum: number | null;
}

/** Columns of {@link PersonRow}. */
export const PERSON_COLUMNS =
  "id, name, expires, present, checksum, (SELECT count(*) FROM face WHERE face.person = person.id AND face.present) AS faces";

/** A row as a person. Throws FaceError BAD_FILE when it is not as it was written. */
export function personOf({ path }: Connection, row: PersonRow): Person {
  const { id, name, expires, present, checksum, faces } = row;
  if (checksum !== checksumOfValues([id, name, expires, present])) throw damaged(path, `person ${id}`);
  return { id, name, expires, faces };
}

/** States of those people who are there. */
export function presentPeople(connection: Connection, ids: readonly number[]): Map<number, PersonState> {
  const rows = allWith<PersonRow>(
    connection,
    "SELECT id, name, expires, present, checksum, 0 AS faces FROM person WHERE present AND id IN (?)",
    ids,
  );
  const people = rows.map((row) => personOf(connection, row));
  return new Map(people.map(({ id, name, expires }) => [id, { name, expires }]));
}

/** Owners of those faces that are there. */
export function presentFaces(connection: Connection, ids: readonly number[]): Map<number, FaceState> {
  const rows = allWith<FaceRow>(
    connection,
    "SELECT id, person, present, owner FROM face WHERE present AND id IN (?)",
    ids,
  );
  for (const row of rows) expectOwner(connection.path, row, row.present);
  return new Map(rows.map(({ id, person }) => [id, { person }]));
}

/** The vector of a face, if it is as it was written. Throws FaceError BAD_FILE. */
export function checkedVector(
  { path }: Connection,
  face: number,
  { value, checksum }: { readonly value: Uint8Array | null; readonly checksum: number | null },
): UnitVector {
  if (!ArrayBuffer.isView(value) || checksum !== checksumOfBytes(face, value))
    throw damaged(path, `face ${face}'s vector`);
  // Its length was looked at when it was written, and it is what was written.
  return floatsOf(value) as unknown as UnitVector;
}

/** The crop of a face, if it is as it was written. Throws FaceError BAD_FILE. */
export function checkedCrop(
  { path }: Connection,
  face: number,
  { jpeg, checksum }: { readonly jpeg: Uint8Array; readonly checksum: number | null },
): Uint8Array {
  if (!ArrayBuffer.isView(jpeg) || checksum !== checksumOfBytes(face, jpeg))
    throw damaged(path, `face ${face}'s crop`);
  return jpeg;
}

/** A blob as a vector. */
export function vectorOf(value: Uint8Array): UnitVector {
  return asUnitVector(floatsOf(value));
}

/** A blob as floats. SQLite's bytes may lie anywhere; where no floats may lie they are copied first. */
export function floatsOf(value: Uint8Array): Float32Array {
  if (value.byteOffset % 4 === 0)
    return new Float32Array(value.buffer, value.byteOffset, value.byteLength / 4);
  return new Float32Array(Uint8Array.from(value).buffer);
}

interface LogRow {
  readonly sequence: number;
  readonly kind: ChangeKind;
  readonly at: string;
  readonly undoes: number | null;
  readonly undoneBy: number | null;
  readonly forgotten: number;
  readonly checksum: number | null;
}

interface EffectRow {
  readonly ordinal: number;
  readonly checksum: number | null;
  readonly subject: Effect["subject"];
  readonly id: number;
  readonly before: string | null;
  readonly after: string | null;
}

const LOG_COLUMNS =
  "sequence, kind, at, undoes, forgotten, checksum, (SELECT max(sequence) FROM log AS later WHERE later.undoes = log.sequence) AS undoneBy";

/** Entries of the log below a sequence, newest first. */
export function readLog(connection: Connection, below: number, limit: number): LogEntry[] {
  expectWholeLog(connection);
  const rows = connection.all<LogRow>(
    `SELECT ${LOG_COLUMNS} FROM log WHERE sequence < ? ORDER BY sequence DESC LIMIT ?`,
    below,
    limit,
  );
  return rows.map(({ sequence, kind, at, undoes, undoneBy, forgotten, checksum }) => {
    if (checksum !== checksumOfValues([sequence, kind, at, undoes, forgotten]))
      throw damaged(connection.path, `change ${sequence}`);
    const effects = connection
      .all<EffectRow>(
        "SELECT ordinal, subject, id, before, after, checksum FROM effect WHERE sequence = ? ORDER BY ordinal",
        sequence,
      )
      .map((row) => effectOf(connection, sequence, row));
    return { sequence, kind, at, undoes, undoneBy, forgotten, effects };
  });
}

function effectOf({ path }: Connection, sequence: number, row: EffectRow): Effect {
  const { ordinal, subject, id, before, after } = row;
  if (row.checksum !== checksumOfValues([sequence, ordinal, subject, id, before, after]))
    throw damaged(path, `change ${sequence}`);
  const state = <S>(json: string | null): S | null => (json === null ? null : (JSON.parse(json) as S));
  if (subject === "person")
    return { subject, id, before: state<PersonState>(before), after: state<PersonState>(after) };
  if (subject === "link")
    return { subject, id, before: state<LinkState>(before), after: state<LinkState>(after) };
  return { subject, id, before: state<FaceState>(before), after: state<FaceState>(after) };
}

const LINK_COLUMNS = "sequence, ordinal, subject, id, before, after, checksum";

/** Everything that was said of faces and stands. Throws FaceError BAD_FILE. */
export function readLinks(connection: Connection): Link[] {
  expectWholeLog(connection);
  return linksOf(
    connection,
    connection.all<EffectRow & { sequence: number }>(
      `SELECT ${LINK_COLUMNS} FROM effect WHERE subject = 'link' ORDER BY sequence, ordinal`,
    ),
  );
}

/** Those of the links that stand. */
export function linksWith(connection: Connection, ids: readonly number[]): Map<number, LinkState> {
  const rows = allWith<EffectRow & { sequence: number }>(
    connection,
    `SELECT ${LINK_COLUMNS} FROM effect WHERE subject = 'link' AND id IN (?) ORDER BY sequence, ordinal`,
    ids,
  );
  return new Map(linksOf(connection, rows).map((link) => [link.id, link]));
}

function linksOf(connection: Connection, rows: readonly (EffectRow & { sequence: number })[]): Link[] {
  return standingLinks(
    rows.map((row) => ({ sequence: row.sequence, effect: effectOf(connection, row.sequence, row) })),
  );
}
