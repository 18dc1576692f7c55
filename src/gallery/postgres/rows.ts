import { asUnitVector, type UnitVector } from "../../core/index.ts";
import type { ChangeKind, Effect, LinkState, LogEntry } from "../change.ts";
import { checksumOfBytes, damaged } from "../checksum.ts";
import { type Link, standingLinks } from "../links.ts";
import type { GalleryFace, Person, Provenance } from "../records.ts";
import { floatsOfField } from "./binary-copy.ts";
import type { Client, Connections } from "./connection.ts";
import { isWhole } from "./digests.ts";

/** A face as a row of the table, which every query for faces selects. */
export interface FaceRow {
  readonly id: number;
  readonly person: number;
  readonly source: string;
  readonly sha256: string | null;
  readonly details: string;
  /** True if it is as it was written. */
  readonly whole: boolean;
}

/** Columns of {@link FaceRow}. */
export const FACE_COLUMNS = `id, person, source, sha256, details, ${isWhole("face")} AS whole`;

/** A row as a face. Throws FaceError BAD_FILE when it is not as it was written. */
export function faceOf(
  address: string,
  { id, person, source, sha256, details, whole }: FaceRow,
): GalleryFace {
  if (!whole) throw damaged(address, `face ${id}`);
  return {
    id,
    person,
    provenance: { source, sha256, ...(JSON.parse(details) as Omit<Provenance, "source" | "sha256">) },
  };
}

/** A person as a row of the table. */
export interface PersonRow extends Person {
  /** True if it is as it was written. */
  readonly whole: boolean;
}

/** Columns of {@link PersonRow}. */
export const PERSON_COLUMNS = `id, name, expires, (SELECT count(*) FROM face WHERE face.person = person.id AND face.present) AS faces, ${isWhole("person")} AS whole`;

/** A row as a person. Throws FaceError BAD_FILE when it is not as it was written. */
export function personOf(address: string, { whole, ...person }: PersonRow): Person {
  if (!whole) throw damaged(address, `person ${person.id}`);
  return person;
}

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
  readonly whole: boolean;
}

interface EffectRow {
  readonly whole: boolean;
  readonly sequence: number;
  readonly subject: Effect["subject"];
  readonly id: number;
  readonly before: Effect["before"];
  readonly after: Effect["after"];
}

/** Entries of the log below a sequence, newest first. */
export async function readLog(connections: Connections, below: number, limit: number): Promise<LogEntry[]> {
  const rows = await connections.rows<LogRow>(
    `SELECT sequence, kind, at, undoes, forgotten,
       (SELECT max(sequence) FROM log AS later WHERE later.undoes = log.sequence) AS "undoneBy", ${isWhole("log")} AS whole
     FROM log WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2`,
    [below, limit],
  );
  const effects = await connections.rows<EffectRow>(
    `SELECT sequence, subject, id, before, after, ${isWhole("effect")} AS whole FROM effect WHERE sequence = ANY($1) ORDER BY sequence, ordinal`,
    [rows.map(({ sequence }) => sequence)],
  );
  const bySequence = new Map<number, Effect[]>(rows.map(({ sequence }) => [sequence, []]));
  for (const { sequence, whole } of [...rows, ...effects])
    if (!whole) throw damaged(connections.address, `change ${sequence}`);
  for (const { sequence, whole: _, ...effect } of effects) bySequence.get(sequence)?.push(effect as Effect);
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

const LINKS = `SELECT sequence, subject, id, before, after, ${isWhole("effect")} AS whole FROM effect WHERE subject = 'link'`;

/** Everything that was said of faces and stands. Throws FaceError BAD_FILE. */
export async function readLinks(connections: Connections): Promise<Link[]> {
  const rows = await connections.rows<EffectRow>(`${LINKS} ORDER BY sequence, ordinal`, []);
  return linksOf(connections.address, rows);
}

/** Those of the links that stand. */
export async function linksWith(
  client: Client,
  address: string,
  ids: readonly number[],
): Promise<Map<number, LinkState>> {
  if (ids.length === 0) return new Map();
  const { rows } = await client.query<EffectRow>(`${LINKS} AND id = ANY($1) ORDER BY sequence, ordinal`, [
    ids,
  ]);
  return new Map(linksOf(address, rows).map((link) => [link.id, link]));
}

function linksOf(address: string, rows: readonly EffectRow[]): Link[] {
  for (const { sequence, whole } of rows) if (!whole) throw damaged(address, `change ${sequence}`);
  return standingLinks(
    rows.map(({ sequence, whole: _, ...effect }) => ({ sequence, effect: effect as Effect })),
  );
}
