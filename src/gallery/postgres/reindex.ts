import { FaceError, type UnitVector } from "../../core/index.ts";
import type { Pipeline } from "../../models/index.ts";
import { checksumOfVector } from "../checksum.ts";
import { type GalleryPipeline, galleryDigest, isStranded } from "../gallery-pipeline.ts";
import type { Page } from "../page.ts";
import type { FaceToEmbed } from "../store.ts";
import { vectorText } from "./binary-copy.ts";
import { appendToLog } from "./commit.ts";
import type { Client, Connections } from "./connection.ts";
import { type Head, lockHead, readHead } from "./head.ts";
import { checkedCrop, FACE_COLUMNS, type FaceRow, faceOf } from "./rows.ts";
import { createVectorTable, vectorTable } from "./schema.ts";

/** Makes room for the vectors of another pipeline beside those that are there. */
export async function beginReindex(connections: Connections, pipeline: Pipeline): Promise<void> {
  await connections.transaction(async (client) => {
    const head = await lockHead(client, connections.address);
    const next = head.nextPipeline;
    if (next && galleryDigest(next) === galleryDigest(pipeline)) return;
    if (next && !isStranded(next, pipeline)) {
      throw new FaceError("CONFLICT", {
        where: connections.address,
        expected: "no move under way",
        got: `one to ${next.model.id}`,
        note: "finish it first",
      });
    }
    if (next) await client.query(`DROP TABLE ${vectorTable(head.generation + 1)}`);
    await client.query("UPDATE head SET next_contract = $1", [JSON.stringify(pipeline)]);
    await client.query(createVectorTable(head.generation + 1, pipeline.model.dimension));
  });
}

/** Faces without a vector under the next pipeline, with their crops. */
export async function facesToEmbed(
  connections: Connections,
  { after, limit }: Page<number>,
): Promise<FaceToEmbed[]> {
  const next = nextTable(connections, await readHead(connections));
  const rows = await connections.rows<FaceRow & { jpeg: Buffer | null; checksum: number | null }>(
    `SELECT ${FACE_COLUMNS}, jpeg, crop.checksum FROM face LEFT JOIN crop ON crop.face = face.id
     WHERE id > $1 AND NOT EXISTS (SELECT 1 FROM ${next} AS v WHERE v.face = id) ORDER BY id LIMIT $2`,
    [after ?? 0, limit],
  );
  return rows.map((row) => {
    const { id, jpeg, checksum } = row;
    return {
      ...faceOf(connections.address, row),
      crop: jpeg && checkedCrop(connections.address, id, jpeg, checksum),
    };
  });
}

/** Adds vectors under the next pipeline; a face that was forgotten meanwhile gets none. */
export async function addReindexed(
  connections: Connections,
  vectors: ReadonlyMap<number, UnitVector>,
): Promise<void> {
  await connections.transaction(async (client) => {
    const next = nextTable(connections, await lockHead(client, connections.address));
    await client.query(
      `INSERT INTO ${next} (face, present, value, checksum)
       SELECT face.id, face.present, added.value::vector, added.checksum
       FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS added (id, value, checksum) JOIN face ON face.id = added.id
       ON CONFLICT (face) DO UPDATE SET value = excluded.value, checksum = excluded.checksum`,
      [
        [...vectors.keys()],
        [...vectors.values()].map(vectorText),
        [...vectors].map(([id, vector]) => checksumOfVector(id, vector)),
      ],
    );
  });
}

/** Puts the new vectors in the old ones' place. Faces that were deleted and have no new vector are gone for good. */
export async function finishReindex(
  client: Client,
  address: string,
  at: string,
): Promise<{ readonly pipeline: GalleryPipeline; readonly generation: number }> {
  const head = await lockHead(client, address);
  const pipeline = head.nextPipeline;
  if (!pipeline) throw noMove(address);
  const next = vectorTable(head.generation + 1);
  const lacks = `NOT EXISTS (SELECT 1 FROM ${next} AS v WHERE v.face = face.id)`;
  const { rows } = await client.query<{ missing: number }>(
    `SELECT count(*) AS missing FROM face WHERE present AND ${lacks}`,
  );
  const missing = rows[0]!.missing;
  if (missing > 0) {
    throw new FaceError("CONFLICT", {
      where: address,
      expected: `every face to have a vector of ${pipeline.model.id}`,
      got: `${missing} without one`,
      note: "run it again",
    });
  }
  await client.query(`DELETE FROM face WHERE NOT present AND ${lacks}`);
  await client.query("DELETE FROM crop WHERE NOT EXISTS (SELECT 1 FROM face WHERE face.id = crop.face)");
  // Faces may have been deleted or brought back since their new vector was made.
  await client.query(
    `UPDATE ${next} AS v SET present = face.present FROM face WHERE face.id = v.face AND v.present <> face.present`,
  );
  await client.query(`DROP TABLE ${vectorTable(head.generation)}`);
  const generation = head.generation + 1;
  await client.query("UPDATE head SET contract = next_contract, next_contract = NULL, generation = $1", [
    generation,
  ]);
  await appendToLog(client, head, { kind: "reindex", at, effects: [] });
  return { pipeline, generation };
}

function nextTable({ address }: Connections, head: Head): string {
  if (!head.nextPipeline) throw noMove(address);
  return vectorTable(head.generation + 1);
}

function noMove(address: string): FaceError {
  return new FaceError("CONFLICT", { where: address, expected: "a move under way", got: "none" });
}
