import { throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import type { Pipeline } from "../models/index.ts";
import type { FaceToEmbed, GalleryStore } from "./store.ts";

/** Faces embedded between two writes: what an interruption costs at most. */
const STEP = 32;

/** Whoever makes the new vectors, and what becomes of faces without one. */
export interface ReindexOptions extends WorkOptions {
  /** The new vector of a face; undefined of one that cannot be embedded. */
  readonly embed: (face: FaceToEmbed) => Promise<UnitVector | undefined>;
  /** Deletes the faces that cannot be embedded, rather than stay. Throws as `Gallery.deleteFaces`. */
  readonly dropMissing?: boolean | undefined;
  /** The number of faces that are embedded side by side. @default 1 */
  readonly abreast?: number | undefined;
}

/** The outcome of a move to another pipeline. */
export interface Reindexed {
  /** Faces embedded by this run. */
  readonly embedded: number;
  /** Faces that could not be embedded. While there are any the gallery stays as it is. */
  readonly missing: readonly number[];
  /** True if the gallery answers with the new vectors now. */
  readonly finished: boolean;
}

/**
 * Asks for a vector of every face, keeps them beside the old ones, and puts them in their place in one step.
 *
 * @param deleteFaces takes faces out that cannot be embedded
 * Throws    FaceError CONFLICT while a move to yet another pipeline is under way, ABORTED; what `embed` throws
 */
export async function reindex(
  store: GalleryStore,
  next: Pipeline,
  { embed, dropMissing = false, abreast = 1, signal, onProgress }: ReindexOptions,
  now: () => string,
  deleteFaces: (faces: readonly number[]) => Promise<unknown>,
): Promise<Reindexed> {
  await store.beginReindex(next);
  const { faces: total } = await store.stats();
  let embedded = 0;
  let missing: number[] = [];
  for (let after: number | undefined; ; ) {
    throwIfAborted(signal);
    const faces = await store.facesToEmbed({ after, limit: STEP });
    if (faces.length === 0) break;
    const vectors = new Map<number, UnitVector>();
    for (let start = 0; start < faces.length; start += abreast) {
      const some = faces.slice(start, start + abreast);
      const found = await Promise.all(some.map(embed));
      for (const [i, { id }] of some.entries()) {
        const vector = found[i];
        if (vector) vectors.set(id, vector);
        else missing.push(id);
      }
    }
    await store.addReindexed(vectors);
    embedded += vectors.size;
    after = faces.at(-1)!.id;
    onProgress?.({ stage: "reindex", done: embedded, total: Math.max(total, embedded) });
  }
  // Of the faces that lack a vector, those that were deleted already hold nobody up.
  missing = (await store.facesWith(missing)).map(({ id }) => id).sort((a, b) => a - b);
  if (missing.length > 0 && !dropMissing) return { embedded, missing, finished: false };
  if (missing.length > 0) await deleteFaces(missing);
  await store.finishReindex(now());
  return { embedded, missing, finished: true };
}
