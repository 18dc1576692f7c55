import type { AlignedFace } from "../align/index.ts";
import { cosine, throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import type { Recognizer } from "../recognise/index.ts";
import { mask } from "./factors.ts";

/** Changes of a pair's cosine when a patch of one of its faces is covered, patch by patch. */
export interface OcclusionMap {
  /** Patches along each side. */
  readonly side: number;
  /** Change of the cosine for each patch, rows from the top: [side · side]. Negative: the patch made them alike. */
  readonly changes: readonly number[];
}

/** Side of a patch and step from one to the next, in shares of the crop's side. */
const PATCH = 0.25;
const STEPS = 8;

/**
 * Slides a grey patch over one face of a pair.
 *
 * @param other the vector of the pair's other face
 */
export async function occlude(
  crop: AlignedFace,
  other: UnitVector,
  recognizer: Recognizer,
  options: WorkOptions = {},
): Promise<OcclusionMap> {
  const places = Array.from({ length: STEPS * STEPS }, (_, i) => ({
    left: ((i % STEPS) / (STEPS - 1)) * (1 - PATCH),
    top: (Math.floor(i / STEPS) / (STEPS - 1)) * (1 - PATCH),
  }));
  throwIfAborted(options.signal);
  const covered = places.map(({ left, top }) =>
    mask(crop, (x, y) => x >= left && x < left + PATCH && y >= top && y < top + PATCH),
  );
  const [plain, ...vectors] = await recognizer.embed([crop, ...covered]);
  const before = cosine(plain!, other);
  return { side: STEPS, changes: vectors.map((vector) => cosine(vector, other) - before) };
}
