import { existsSync } from "node:fs";
import { join } from "node:path";

/** The place where real weights and photographs lie that are not part of the repository. */
export const SHARED = process.env["ARCFACE_SHARED"] ?? join(import.meta.dirname, "..", "..", "shared");

/** The path of one of them, or undefined where this checkout has none; tests then skip and say so in their name. */
export function sharedFile(path: string): string | undefined {
  const full = join(SHARED, path);
  return existsSync(full) ? full : undefined;
}
