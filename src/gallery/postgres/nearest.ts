import { cosine, type UnitVector } from "../../core/index.ts";
import { damaged } from "../checksum.ts";
import type { PersonHit } from "../records.ts";
import { vectorText } from "./binary-copy.ts";
import type { Connections } from "./connection.ts";
import { isWhole } from "./digests.ts";
import { checkedVector, VECTOR_COLUMNS, type VectorRow } from "./rows.ts";
import { MAX_INDEXED_DIMENSION, vectorTable } from "./schema.ts";

/** Faces asked for at first; more when they are of fewer people than wanted. */
const FIRST_FACES = 64;

interface FaceScore {
  readonly face: number;
  readonly person: number;
  readonly score: number;
  readonly whole: boolean;
}

/**
 * The k people with the most similar faces, by falling cosine, ties by person.
 *
 * Approximate search lets the server's graph over half-precision vectors choose faces and orders those by their
 * float32 vectors; exact search compares every float32 vector. Either way the cosines returned are computed here from
 * the float32 vectors, so they are those of every other engine.
 */
export async function nearestPeople(
  connections: Connections,
  generation: number,
  query: UnitVector,
  k: number,
  search: "approximate" | "exact",
): Promise<PersonHit[]> {
  if (k < 1) return [];
  let mode = query.length <= MAX_INDEXED_DIMENSION ? search : "exact";
  for (let limit = FIRST_FACES + 4 * k; ; ) {
    const rows = await nearestFaces(connections, generation, query, limit, mode);
    const best = new Map<number, FaceScore>();
    for (const row of rows) {
      if (!row.whole) throw damaged(connections.address, `face ${row.face}`);
      const known = best.get(row.person);
      if (!known || row.score > known.score) best.set(row.person, row);
    }
    if (best.size < k && rows.length === limit) limit *= 4;
    // The graph gave all it found: whether that is everyone only the whole table says.
    else if (best.size < k && mode === "approximate") mode = "exact";
    else return await withCosines(connections, generation, query, [...best.values()], k);
  }
}

async function nearestFaces(
  connections: Connections,
  generation: number,
  query: UnitVector,
  limit: number,
  mode: "approximate" | "exact",
): Promise<FaceScore[]> {
  const table = vectorTable(generation);
  const type = `halfvec(${query.length})`;
  const order = mode === "approximate" ? `value::${type} <#> $1::vector::${type}` : "value <#> $1::vector";
  return await connections.rows<FaceScore>(
    `WITH near AS MATERIALIZED (
       SELECT face, value <#> $1::vector AS distance FROM ${table} WHERE present ORDER BY ${order} LIMIT $2
     )
     SELECT near.face, face.person, -near.distance AS score, ${isWhole("face")} AS whole FROM near JOIN face ON face.id = near.face
     WHERE face.present ORDER BY near.distance, face.person, near.face`,
    [vectorText(query), limit],
  );
}

async function withCosines(
  connections: Connections,
  generation: number,
  query: UnitVector,
  faces: readonly FaceScore[],
  k: number,
): Promise<PersonHit[]> {
  const some = faces.slice(0, k);
  const rows = await connections.rows<VectorRow>(
    `SELECT ${VECTOR_COLUMNS} FROM ${vectorTable(generation)} WHERE face = ANY($1)`,
    [some.map(({ face }) => face)],
  );
  const vectors = new Map(rows.map((row) => [row.face, checkedVector(connections.address, row)]));
  const hits = some.flatMap(({ face, person }): PersonHit[] => {
    const vector = vectors.get(face);
    // Forgotten since the question was put.
    return vector ? [{ person, face, cosine: cosine(query, vector) }] : [];
  });
  return hits.sort((a, b) => b.cosine - a.cosine || a.person - b.person);
}
