import { FaceError, type UnitVector } from "../../core/index.ts";
import type { Pipeline } from "../../models/index.ts";
import { checksumOfBytes } from "../checksum.ts";
import { type GalleryPipeline, galleryDigest, isStranded } from "../gallery-pipeline.ts";
import type { Page } from "../page.ts";
import type { FaceToEmbed } from "../store.ts";
import { appendToLog, bytesOf } from "./commit.ts";
import type { Connection } from "./connection.ts";
import { nextPipeline } from "./meta.ts";
import { checkedCrop, FACE_COLUMNS, type FaceRow, faceOf } from "./rows.ts";

/** Makes room for the vectors of another pipeline beside those that are there. */
export async function beginReindex(connection: Connection, pipeline: Pipeline): Promise<void> {
  await connection.write(() => {
    const next = nextPipeline(connection);
    if (next && galleryDigest(next) === galleryDigest(pipeline)) return;
    if (next && !isStranded(next, pipeline)) {
      throw new FaceError("CONFLICT", {
        where: connection.path,
        expected: "no move under way",
        got: `one to ${next.model.id}`,
        note: "finish it first",
      });
    }
    if (next) connection.database.exec("DROP TABLE vector_next");
    connection.run("DELETE FROM meta WHERE key = 'nextContract'");
    connection.run("INSERT INTO meta (key, value) VALUES ('nextContract', ?)", JSON.stringify(pipeline));
    connection.database.exec(
      "CREATE TABLE vector_next (face INTEGER PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER)",
    );
  });
}

/** Faces without a vector under the next pipeline, with their crops. */
export function facesToEmbed(connection: Connection, { after, limit }: Page<number>): FaceToEmbed[] {
  const rows = connection.all<FaceRow & { jpeg: Uint8Array | null; cropChecksum: number | null }>(
    `SELECT ${FACE_COLUMNS}, jpeg, crop.checksum AS cropChecksum FROM face LEFT JOIN crop ON crop.face = face.id
     WHERE id > ? AND NOT EXISTS (SELECT 1 FROM vector_next WHERE vector_next.face = id) ORDER BY id LIMIT ?`,
    after ?? 0,
    limit,
  );
  return rows.map((row) => {
    const { jpeg, cropChecksum: checksum } = row;
    return {
      ...faceOf(connection, row),
      crop: jpeg && checkedCrop(connection, row.id, { jpeg, checksum }),
    };
  });
}

/** Adds vectors under the next pipeline; a face that was forgotten meanwhile gets none. */
export async function addReindexed(
  connection: Connection,
  vectors: ReadonlyMap<number, UnitVector>,
): Promise<void> {
  await connection.write(() => {
    for (const [face, vector] of vectors) {
      const bytes = bytesOf(Float32Array.from(vector));
      connection.run(
        "INSERT OR REPLACE INTO vector_next (face, value, checksum) SELECT id, ?, ? FROM face WHERE id = ?",
        bytes,
        checksumOfBytes(face, bytes),
        face,
      );
    }
  });
}

/** Puts the new vectors in the old ones' place. Faces that were deleted and have no new vector are gone for good. */
export async function finishReindex(connection: Connection, at: string): Promise<GalleryPipeline> {
  return await connection.write(() => {
    const next = nextPipeline(connection);
    if (!next)
      throw new FaceError("CONFLICT", { where: connection.path, expected: "a move under way", got: "none" });
    const { missing } = connection.get<{ missing: number }>(
      "SELECT count(*) AS missing FROM face WHERE present AND NOT EXISTS (SELECT 1 FROM vector_next WHERE face = id)",
    )!;
    if (missing > 0) {
      throw new FaceError("CONFLICT", {
        where: connection.path,
        expected: `every face to have a vector of ${next.model.id}`,
        got: `${missing} without one`,
        note: "run it again",
      });
    }
    connection.run(
      "DELETE FROM face WHERE NOT present AND NOT EXISTS (SELECT 1 FROM vector_next WHERE face = id)",
    );
    connection.run("DELETE FROM crop WHERE NOT EXISTS (SELECT 1 FROM face WHERE face.id = crop.face)");
    connection.database.exec("DROP TABLE vector");
    connection.database.exec("ALTER TABLE vector_next RENAME TO vector");
    connection.run("UPDATE meta SET value = ? WHERE key = 'contract'", JSON.stringify(next));
    connection.run("DELETE FROM meta WHERE key = 'nextContract'");
    appendToLog(connection, { kind: "reindex", at, effects: [] });
    return next;
  });
}
