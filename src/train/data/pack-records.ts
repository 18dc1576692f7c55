import { createHash } from "node:crypto";
import { throwIfAborted, type WorkOptions } from "../../core/index.ts";
import { FileLock } from "../file-lock.ts";
import type { PackReport } from "./pack-faces.ts";
import { type PackPlace, PackWriter } from "./pack-writer.ts";
import { openRecords } from "./record-set.ts";

/**
 * Packs `train.rec` into one file; pictures keep their bytes.
 *
 * Throws    FaceError BAD_FILE, STORAGE, ABORTED
 */
export async function packRecords(path: string, out: string, options: WorkOptions = {}): Promise<PackReport> {
  const set = openRecords(path);
  try {
    using _lock = FileLock.take(`${out}.lock`, `another process packs ${out}`);
    using writer = PackWriter.open(out, set.shape, "file");
    const examples: { place: PackPlace; label: number }[] = [];
    let reused = 0;
    for (const [i, label] of set.labels.entries()) {
      throwIfAborted(options.signal);
      const content = set.file(i);
      const key = createHash("sha256").update(content).digest("hex");
      const known = writer.find(key);
      if (known) reused++;
      examples.push({ place: known ?? writer.add(key, content), label });
      options.onProgress?.({ stage: "pack", done: i + 1, total: set.labels.length });
    }
    writer.finish(examples, set.classes);
    const counts = new Uint32Array(set.classes.length);
    for (const { label } of examples) counts[label]!++;
    const withCount = (count: number): string[] => set.classes.filter((_, label) => counts[label] === count);
    const { length } = examples;
    return {
      path: out,
      examples: length,
      classes: set.classes.length,
      reused,
      noFace: [],
      failed: [],
      single: withCount(1),
      empty: withCount(0),
    };
  } finally {
    set.close();
  }
}
