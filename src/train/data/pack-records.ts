import { createHash } from "node:crypto";
import { FaceError, throwIfAborted, type WorkOptions } from "../../core/index.ts";
import { FileLock } from "../file-lock.ts";
import { decodePicture, isOfOnePicture } from "./decode-picture.ts";
import type { PackReport } from "./pack-faces.ts";
import { type PackPlace, PackWriter } from "./pack-writer.ts";
import { openRecords, type RecordSet } from "./record-set.ts";

/** Pictures decoded side by side; bounds memory. */
const AT_ONCE = 16;

/**
 * Packs `train.rec` into one file; pictures keep their bytes. Each is decoded once: one that is no whole picture of
 * the set's size is left out and listed, because training would end at it.
 *
 * Throws    FaceError BAD_FILE also when no picture is whole, STORAGE, ABORTED
 */
export async function packRecords(path: string, out: string, options: WorkOptions = {}): Promise<PackReport> {
  const set = openRecords(path);
  try {
    using _lock = FileLock.take(`${out}.lock`, {
      where: out,
      expected: "a pack that nobody writes",
      got: "another process",
    });
    using writer = PackWriter.open(out, set.shape, "file", `records ${set.fingerprint}`);
    const examples: { place: PackPlace; label: number }[] = [];
    const failed: FaceError[] = [];
    let reused = 0;
    for (let start = 0; start < set.labels.length; start += AT_ONCE) {
      throwIfAborted(options.signal);
      const length = Math.min(AT_ONCE, set.labels.length - start);
      const pictures = await Promise.all(
        Array.from({ length }, (_, i) => wholePicture(set, start + i, `${path}: picture ${start + i}`)),
      );
      for (const [i, content] of pictures.entries()) {
        if (content instanceof FaceError) failed.push(content);
        else {
          const key = createHash("sha256").update(content).digest("hex");
          const known = writer.find(key);
          if (known) reused++;
          examples.push({ place: known ?? writer.add(key, content), label: set.labels[start + i]! });
        }
      }
      options.onProgress?.({ stage: "pack", done: start + length, total: set.labels.length });
    }
    const [first] = failed;
    if (examples.length === 0) {
      throw new FaceError("BAD_FILE", {
        where: path,
        expected: "whole pictures",
        got: "none",
        note: first?.message,
      });
    }
    writer.finish(examples, set.classes);
    const counts = new Uint32Array(set.classes.length);
    for (const { label } of examples) counts[label]!++;
    const withCount = (count: number): string[] => set.classes.filter((_, label) => counts[label] === count);
    return {
      path: out,
      examples: examples.length,
      classes: set.classes.length,
      reused,
      noFace: [],
      failed,
      single: withCount(1),
      empty: withCount(0),
    };
  } finally {
    set.close();
  }
}

/** A picture's bytes, or why it is none that training can read. */
async function wholePicture(set: RecordSet, index: number, where: string): Promise<Uint8Array | FaceError> {
  try {
    const content = set.file(index);
    await decodePicture(content, set.shape, where);
    return content;
  } catch (thrown) {
    if (thrown instanceof FaceError && isOfOnePicture(thrown)) return thrown;
    throw thrown;
  }
}
