import type { Pipeline } from "../../models/index.ts";
import { expectUnmoved, type GalleryPipeline, storedPipeline } from "../gallery-pipeline.ts";
import type { GallerySettings } from "../store.ts";
import type { Connection } from "./connection.ts";

/** What the file says about its vectors. */
export function readPipeline(connection: Connection): GalleryPipeline {
  return storedPipeline(connection.path, readMeta(connection, "contract"));
}

export function readSettings(connection: Connection): GallerySettings {
  return readMeta(connection, "settings") as GallerySettings;
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

function readMeta(connection: Connection, key: string): unknown {
  const row = connection.get<{ value: string }>("SELECT value FROM meta WHERE key = ?", key);
  return JSON.parse(row?.value ?? "null");
}
