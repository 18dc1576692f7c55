import { asUnitVector, type UnitVector } from "../../core/index.ts";
import type { ChangeKind, Effect, FaceState, LogEntry, PersonState } from "../change.ts";
import type { GalleryFace, Person, Provenance } from "../records.ts";
import { allWith, type Connection } from "./connection.ts";

/** A face as a row of the table, which every query for faces selects. */
export interface FaceRow {
  readonly id: number;
  readonly person: number;
  readonly source: string;
  readonly sha256: string | null;
  readonly details: string;
}

/** Columns of {@link FaceRow}. */
export const FACE_COLUMNS = "id, person, source, sha256, details";

/** A row as a face. */
export function faceOf({ id, person, source, sha256, details }: FaceRow): GalleryFace {
  return {
    id,
    person,
    provenance: { source, sha256, ...(JSON.parse(details) as Omit<Provenance, "source" | "sha256">) },
  };
}

/** Columns of a {@link Person}. */
export const PERSON_COLUMNS =
  "id, name, expires, (SELECT count(*) FROM face WHERE face.person = person.id AND face.present) AS faces";

/** SQLite's rows have no prototype; a person is an ordinary object. */
export function personOf(row: Person): Person {
  return { id: row.id, name: row.name, expires: row.expires, faces: row.faces };
}

/** States of those people who are there. */
export function presentPeople(connection: Connection, ids: readonly number[]): Map<number, PersonState> {
  const rows = allWith<{ id: number } & PersonState>(
    connection,
    "SELECT id, name, expires FROM person WHERE present AND id IN (?)",
    ids,
  );
  return new Map(rows.map(({ id, name, expires }) => [id, { name, expires }]));
}

/** Owners of those faces that are there. */
export function presentFaces(connection: Connection, ids: readonly number[]): Map<number, FaceState> {
  const rows = allWith<{ id: number } & FaceState>(
    connection,
    "SELECT id, person FROM face WHERE present AND id IN (?)",
    ids,
  );
  return new Map(rows.map(({ id, person }) => [id, { person }]));
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
}

interface EffectRow {
  readonly subject: "person" | "face";
  readonly id: number;
  readonly before: string | null;
  readonly after: string | null;
}

const LOG_COLUMNS =
  "sequence, kind, at, undoes, forgotten, (SELECT max(sequence) FROM log AS later WHERE later.undoes = log.sequence) AS undoneBy";

/** Entries of the log below a sequence, newest first. */
export function readLog(connection: Connection, below: number, limit: number): LogEntry[] {
  const rows = connection.all<LogRow>(
    `SELECT ${LOG_COLUMNS} FROM log WHERE sequence < ? ORDER BY sequence DESC LIMIT ?`,
    below,
    limit,
  );
  return rows.map(({ sequence, kind, at, undoes, undoneBy, forgotten }) => ({
    sequence,
    kind,
    at,
    undoes,
    undoneBy,
    forgotten,
    effects: connection
      .all<EffectRow>(
        "SELECT subject, id, before, after FROM effect WHERE sequence = ? ORDER BY ordinal",
        sequence,
      )
      .map(effectOf),
  }));
}

function effectOf({ subject, id, before, after }: EffectRow): Effect {
  const state = <S>(json: string | null): S | null => (json === null ? null : (JSON.parse(json) as S));
  return subject === "person"
    ? { subject, id, before: state<PersonState>(before), after: state<PersonState>(after) }
    : { subject, id, before: state<FaceState>(before), after: state<FaceState>(after) };
}
