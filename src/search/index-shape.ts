import { throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import { FEWEST_DIMENSIONS, type MeasuredShape, MOST_DIMENSIONS, measureShape } from "./learned-axes.ts";

/** The shape of an index's vectors, and the form it keeps them in. */
export interface IndexShape {
  /** Length of the vectors. */
  readonly dimension: number;
  /** Axes that they are searched along; as many as dimensions where fewer would be no faster. */
  readonly axes: number;
  /** Part of the squared lengths that lies along those axes, in [0, 1]. */
  readonly energy: number;
  /** Evenly filled dimensions that would spread cosines as these vectors do: (Σλ)² / Σλ² of their second moments. */
  readonly effectiveDimension: number;
  /** Predicted time of a search, as part of that in all dimensions; 1 where all are searched. */
  readonly cost: number;
}

/** A measured shape as it is told. */
export function indexShape(
  dimension: number,
  { axes, energy, effectiveDimension, cost }: MeasuredShape,
): IndexShape {
  return { dimension, axes: axes?.count ?? dimension, energy, effectiveDimension, cost };
}

/** Milliseconds of measuring between two moments for other work. */
const SLICE_MS = 5;

/**
 * The shape that an index of so many vectors would learn from a sample of them.
 *
 * @param sample two thousand are enough; of fewer than four for each dimension it looks smaller than it is
 * @param vectors the number that will be searched
 * @returns undefined for dimensions outside of 64 to 1024, which an index does not look at
 * Throws    FaceError ABORTED
 */
export async function measureIndexShape(
  sample: readonly UnitVector[],
  vectors: number,
  { signal }: Pick<WorkOptions, "signal"> = {},
): Promise<IndexShape | undefined> {
  const dimension = sample[0]?.length ?? 0;
  if (dimension < FEWEST_DIMENSIONS || dimension > MOST_DIMENSIONS) return undefined;
  const work = measureShape(
    sample.map((vector) => Float32Array.from(vector)),
    vectors,
    undefined,
  );
  for (;;) {
    throwIfAborted(signal);
    const end = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done) return indexShape(dimension, step.value);
    } while (performance.now() < end);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
