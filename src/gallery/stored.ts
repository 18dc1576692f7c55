import { z } from "zod";
import { damaged } from "./checksum.ts";
import type { GallerySettings } from "./store.ts";

/** Settings as they are read back from a database. */
export const GallerySettingsSchema: z.ZodType<GallerySettings> = z.strictObject({
  threshold: z.number().min(-1).max(1).nullable(),
  keepCrops: z.boolean(),
});

/**
 * A value that a gallery keeps as JSON.
 *
 * @param what the value's name, for the sentence about damage
 * @param json text, or what a database has parsed already
 * Throws    FaceError BAD_FILE when it is none, or not of the shape it was written in
 */
export function stored<T>(where: string, what: string, json: unknown, schema: z.ZodType<T>): T {
  try {
    return schema.parse(typeof json === "string" ? JSON.parse(json) : json);
  } catch {
    throw damaged(where, what);
  }
}
