import { seeded, type UnitVector, type WorkOptions } from "../core/index.ts";
import { type IndexShape, measureIndexShape } from "../search/index.ts";
import type { GalleryRecords } from "./gallery-records.ts";

/** Faces of fewer say nothing about how many dimensions a network fills. */
const FEWEST_FACES = 1024;
/** Places in the numbers of faces where some are read, and how many are read at each. */
const [PLACES, AT_A_PLACE] = [256, 8];

/**
 * The shape of a gallery's vectors, from faces at places spread over all of them: how many dimensions they fill, and what an
 * index in memory makes of it.
 *
 * @returns undefined of fewer than 1,024 faces
 * Throws    FaceError ABORTED
 */
export async function galleryShape(
  records: Pick<GalleryRecords, "faces" | "vectors" | "stats">,
  { signal }: Pick<WorkOptions, "signal"> = {},
): Promise<IndexShape | undefined> {
  const { faces } = await records.stats();
  if (faces < FEWEST_FACES) return undefined;
  const last = await lastFace(records);
  const random = seeded(faces);
  const sample = new Map<number, UnitVector>();
  for (let place = 0; place < PLACES; place++) {
    signal?.throwIfAborted();
    const after = Math.floor(((place + random.next()) / PLACES) * (last + 1)) - 1;
    const some = await records.faces({ after, limit: AT_A_PLACE });
    for (const [id, vector] of await records.vectors(some.map(({ id }) => id))) sample.set(id, vector);
  }
  return await measureIndexShape([...sample.values()], faces, { signal });
}

/** The highest number of a face. */
async function lastFace(records: Pick<GalleryRecords, "faces">): Promise<number> {
  const beyond = async (after: number): Promise<boolean> =>
    (await records.faces({ after, limit: 1 })).length > 0;
  let [low, high] = [0, 1024];
  while (await beyond(high)) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await beyond(middle)) low = middle;
    else high = middle;
  }
  return high;
}
