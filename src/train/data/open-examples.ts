import { createHash } from "node:crypto";
import { existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { openFileSource } from "../../checkpoints/index.ts";
import { FaceError, type WorkOptions } from "../../core/index.ts";
import { ModelStore } from "../../models/index.ts";
import type { ExampleSet } from "./example-set.ts";
import { type PackOptions, type PackReport, packFolder } from "./pack-faces.ts";
import { isPack, PACK_MAGIC } from "./pack-format.ts";
import { openPack } from "./packed-set.ts";
import { isRecordPath, openRecords } from "./record-set.ts";

/** A set that was opened, and what was left out when a folder had to be packed first. */
export interface OpenedExamples {
  readonly set: ExampleSet;
  readonly packed?: PackReport;
}

/**
 * Opens training data by its path: a pack, `train.rec`, a folder with one in it, or a folder with a folder for every
 * person, which is aligned and packed into the store's `training/` the first time.
 *
 * Throws    FaceError BAD_FILE for anything else, STORAGE, ABORTED
 */
export async function openExamples(
  path: string,
  options: PackOptions & WorkOptions & { readonly store?: ModelStore | undefined } = {},
): Promise<OpenedExamples> {
  if (isFolder(path)) {
    const records = join(path, "train.rec");
    if (existsSync(records)) return { set: openRecords(records) };
    const packed = await packFolder(path, cachedPackOf(path, options), options);
    return { set: openPack(packed.path), packed };
  }
  if (isRecordPath(path)) return { set: openRecords(path) };
  const source = openFileSource(path);
  const head = source.read(0, Math.min(PACK_MAGIC.length, source.size));
  source.close();
  if (isPack(head)) return { set: openPack(path) };
  throw new FaceError("BAD_FILE", {
    where: path,
    expected: "a folder of people, a pack of faces or train.rec",
    got: "another kind of file",
  });
}

/** File that keeps a folder's crops between runs. */
function cachedPackOf(folder: string, options: PackOptions): string {
  const { store = new ModelStore(), sizePx = 112, encoding = "file" } = options;
  const key = JSON.stringify([realpathSync(folder), sizePx, encoding]);
  const cache = join(store.home, "training");
  try {
    mkdirSync(cache, { recursive: true });
  } catch (cause) {
    throw new FaceError("STORAGE", { where: cache, expected: "a place to write", cause });
  }
  return join(cache, `${createHash("sha256").update(key).digest("hex").slice(0, 16)}.pack`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
