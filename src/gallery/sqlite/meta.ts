import { expectContract, type GalleryContract, GalleryContractSchema } from "../contract.ts";
import type { GallerySettings } from "../store.ts";
import type { Connection } from "./connection.ts";

/** What the file says about its vectors. */
export function readContract(connection: Connection): GalleryContract {
  return GalleryContractSchema.parse(readMeta(connection, "contract"));
}

export function readSettings(connection: Connection): GallerySettings {
  return readMeta(connection, "settings") as GallerySettings;
}

/** Writes what a new file says about itself, inside the caller's transaction. */
export function writeMeta(
  connection: Connection,
  contract: GalleryContract,
  settings: GallerySettings,
): void {
  const entries = Object.entries({ contract, settings, nextId: 1 });
  for (const [key, value] of entries)
    connection.run("INSERT INTO meta (key, value) VALUES (?, ?)", key, JSON.stringify(value));
}

/** Throws FaceError MODEL_MISMATCH when the file was moved to another model since it was opened. */
export function expectSameModel(connection: Connection, opened: GalleryContract): void {
  expectContract(
    `${connection.path}, which changed its model since it was opened`,
    readContract(connection),
    opened,
  );
}

function readMeta(connection: Connection, key: string): unknown {
  const row = connection.get<{ value: string }>("SELECT value FROM meta WHERE key = ?", key);
  return JSON.parse(row?.value ?? "null");
}
