import { z } from "zod";
import type { Pipeline } from "../../models/index.ts";
import { checksumOfValues, damaged } from "../checksum.ts";
import { expectUnmoved, type GalleryPipeline, storedPipeline } from "../gallery-pipeline.ts";
import type { GallerySettings } from "../store.ts";
import { GallerySettingsSchema, stored } from "../stored.ts";
import type { Connection } from "./connection.ts";

/** The file's statements about its vectors. Throws FaceError BAD_FILE. */
export function readPipeline(connection: Connection): GalleryPipeline {
  return storedPipeline(connection.path, readMeta(connection, "contract", z.unknown()));
}

/** The pipeline that the file is moving to; undefined while it is not moving. Throws FaceError BAD_FILE. */
export function nextPipeline(connection: Connection): GalleryPipeline | undefined {
  const next = readMeta(connection, "nextContract", z.unknown().optional());
  return next === undefined ? undefined : storedPipeline(connection.path, next);
}

/** Throws FaceError BAD_FILE. */
export function readSettings(connection: Connection): GallerySettings {
  return readMeta(connection, "settings", GallerySettingsSchema);
}

/** A text of {@link keepNote}. Throws FaceError BAD_FILE. */
export function readNote(connection: Connection, name: string): string | undefined {
  return readMeta(connection, `note ${name}`, z.string().optional());
}

/** Keeps a text in the place of an earlier one, inside the caller's transaction. */
export function keepNote(connection: Connection, name: string, text: string): void {
  connection.run("DELETE FROM meta WHERE key = ?", `note ${name}`);
  connection.run("INSERT INTO meta (key, value) VALUES (?, ?)", `note ${name}`, JSON.stringify(text));
}

/** Removes all texts, inside the caller's transaction. */
export function dropNotes(connection: Connection): void {
  connection.run("DELETE FROM meta WHERE key LIKE 'note %'");
}

/** Takes a block of ids, inside the caller's transaction. Returns the first. Throws FaceError BAD_FILE. */
export function takeIds(connection: Connection, count: number): number {
  const first = readMeta(connection, "nextId", z.number().int().min(1).max(Number.MAX_SAFE_INTEGER));
  connection.run("UPDATE meta SET value = ? WHERE key = 'nextId'", String(first + count));
  return first;
}

/** Writes what a new file says about itself, inside the caller's transaction. */
export function writeMeta(connection: Connection, pipeline: Pipeline, settings: GallerySettings): void {
  const entries = Object.entries({ contract: pipeline, settings, nextId: 1 });
  for (const [key, value] of entries)
    connection.run("INSERT INTO meta (key, value) VALUES (?, ?)", key, JSON.stringify(value));
}

/** Throws FaceError MODEL_MISMATCH when the file was moved to another pipeline since it was opened. */
export function expectSamePipeline(connection: Connection, opened: GalleryPipeline): void {
  expectUnmoved(connection.path, readPipeline(connection), opened);
}

function readMeta<T>(connection: Connection, key: string, schema: z.ZodType<T>): T {
  const row = connection.get<{ value: string; checksum: number | null }>(
    "SELECT value, checksum FROM meta WHERE key = ?",
    key,
  );
  if (row && row.checksum !== checksumOfValues([key, row.value]))
    throw damaged(connection.path, `its row "${key}"`);
  return stored(connection.path, `its row "${key}"`, row?.value, schema);
}
