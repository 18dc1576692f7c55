import { asUnitVector, type UnitVector } from "../../core/index.ts";
import type { ChangeKind, Effect, FaceState, LogEntry, PersonState } from "../change.ts";
import { checksumOfBytes, damaged } from "../checksum.ts";
import type { GalleryFace, Provenance } from "../records.ts";
import { floatsOfField } from "./binary-copy.ts";
import type { Connections } from "./connection.ts";

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

/** Columns of a `Person`. */
export const PERSON_COLUMNS =
  "id, name, expires, (SELECT count(*) FROM face WHERE face.person = person.id AND face.present) AS faces";

/** A vector as `vector_send` gives it. */
export function vectorOf(field: Buffer): UnitVector {
  return asUnitVector(floatsOfField(field));
}

/** A face's vector as a row of its table. */
export interface VectorRow {
  readonly face: number;
  readonly value: Buffer;
  readonly checksum: number | null;
}

/** Columns of {@link VectorRow}. */
export const VECTOR_COLUMNS = "face, vector_send(value) AS value, checksum";

/** A row's vector, if it is as it was written. Throws FaceError BAD_FILE. */
export function checkedVector(address: string, { face, value, checksum }: VectorRow): UnitVector {
  const floats = floatsOfField(value);
  if (checksum !== checksumOfBytes(face, new Uint8Array(floats.buffer)))
    throw damaged(address, `face ${face}'s vector`);
  return asUnitVector(floats);
}

/** A kept crop, if it is as it was written. Throws FaceError BAD_FILE. */
export function checkedCrop(
  address: string,
  face: number,
  jpeg: Buffer,
  checksum: number | null,
): Uint8Array {
  if (checksum !== checksumOfBytes(face, jpeg)) throw damaged(address, `face ${face}'s crop`);
  return jpeg;
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
  readonly sequence: number;
  readonly subject: "person" | "face";
  readonly id: number;
  readonly before: PersonState | FaceState | null;
  readonly after: PersonState | FaceState | null;
}

/** Entries of the log below a sequence, newest first. */
export async function readLog(connections: Connections, below: number, limit: number): Promise<LogEntry[]> {
  const rows = await connections.rows<LogRow>(
    `SELECT sequence, kind, at, undoes, forgotten,
       (SELECT max(sequence) FROM log AS later WHERE later.undoes = log.sequence) AS "undoneBy"
     FROM log WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2`,
    [below, limit],
  );
  const effects = await connections.rows<EffectRow>(
    "SELECT sequence, subject, id, before, after FROM effect WHERE sequence = ANY($1) ORDER BY sequence, ordinal",
    [rows.map(({ sequence }) => sequence)],
  );
  const bySequence = new Map<number, Effect[]>(rows.map(({ sequence }) => [sequence, []]));
  for (const { sequence, ...effect } of effects) bySequence.get(sequence)?.push(effect as Effect);
  return rows.map(({ sequence, kind, at, undoes, undoneBy, forgotten }) => ({
    sequence,
    kind,
    at,
    undoes,
    undoneBy,
    forgotten,
    effects: bySequence.get(sequence)!,
  }));
}
