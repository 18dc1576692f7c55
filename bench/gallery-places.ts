import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missing, TestSchemas } from "../test/postgres-schemas.ts";

/** The place where a bench makes its galleries; what was made is removed at the end. */
export interface GalleryPlaces extends AsyncDisposable {
  /** The address of a place for another gallery. */
  fresh(): string;
}

/** @param engine sqlite, in the temporary folder, or postgres, on the tests' server */
export function galleryPlaces(engine: string): GalleryPlaces {
  if (engine === "sqlite") {
    const folder = mkdtempSync(join(tmpdir(), "arcface-bench-"));
    let made = 0;
    return {
      fresh: () => `sqlite:${join(folder, `${made++}.db`)}`,
      [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }),
    };
  }
  if (engine !== "postgres") throw new Error(`--on: expected sqlite or postgres, got ${engine}`);
  if (missing !== undefined) throw new Error(missing.replace("skipped: ", ""));
  const schemas = new TestSchemas();
  return {
    fresh: () => schemas.fresh("exact").href,
    [Symbol.asyncDispose]: async () => await schemas.drop(),
  };
}
