import { setImmediate } from "node:timers/promises";
import { FaceError, seeded, throwIfAborted, type WorkOptions } from "../core/index.ts";
import { nearestNeighbours } from "./neighbours.ts";
import { checkPoints, type Points } from "./points.ts";

/** Options of a UMAP layout. */
export interface UmapOptions extends WorkOptions {
  /** @default 2 */
  readonly dimensions?: 2 | 3;
  /** Neighbours that count, the point itself among them; fewer where there are fewer points. @default 15 */
  readonly neighbours?: number;
  /** The least distance at which points may lie in the layout. @default 0.1 */
  readonly minDistance?: number;
  /** @default 500 up to 10,000 points, else 200 */
  readonly epochs?: number;
  /** @default 1 */
  readonly seed?: number;
}

/** Fewer points than this have no neighbourhoods to speak of: UMAP's initial graph needs some. */
const FEWEST = 4;

/**
 * UMAP: a layout like t-SNE's that keeps more of how clusters lie to one another. Neighbours are exact.
 *
 * Shapes    result [N × dimensions], about its middle
 * Throws    FaceError USAGE for fewer than 4 points or an option out of range, SHAPE, ABORTED
 * Source    L. McInnes, J. Healy, J. Melville, 2018, by the package umap-js
 */
export async function umap(points: Points, options: UmapOptions = {}): Promise<Float32Array> {
  checkPoints("UMAP", points);
  const { count, dimension } = points;
  const { dimensions = 2, minDistance = 0.1, epochs = count <= 10_000 ? 500 : 200, seed = 1 } = options;
  // The package wants more points than neighbours.
  const size = Math.min(options.neighbours ?? 15, count - 1);
  if (count < FEWEST)
    throw new FaceError("USAGE", { where: "UMAP", expected: `at least ${FEWEST} points`, got: count });
  if (!Number.isInteger(size) || size < 2) {
    throw new FaceError("USAGE", { where: "UMAP neighbours", expected: "a whole number above 1", got: size });
  }
  if (!Number.isInteger(epochs) || epochs < 1) {
    throw new FaceError("USAGE", { where: "UMAP epochs", expected: "a whole number above 0", got: epochs });
  }
  const { indices, distances } = await nearestNeighbours(points, size - 1, options);
  const { UMAP } = await import("umap-js");
  const random = seeded(seed);
  const model = new UMAP({
    nComponents: dimensions,
    nNeighbors: size,
    minDist: minDistance,
    nEpochs: epochs,
    random: () => random.next(),
  });
  // The package counts a point as its own first neighbour.
  const rows = <T>(self: (i: number) => T, from: ArrayLike<T>): T[][] =>
    Array.from({ length: count }, (_, i) => [
      self(i),
      ...Array.from({ length: size - 1 }, (_, n) => from[i * (size - 1) + n]!),
    ]);
  model.setPrecomputedKNN(
    rows((i) => i, indices),
    rows(() => 0, distances),
  );
  const vectors = Array.from({ length: count }, (_, i) =>
    Array.from(points.data.subarray(i * dimension, (i + 1) * dimension)),
  );
  const steps = model.initializeFit(vectors);
  for (let step = 0; step < steps; step++) {
    throwIfAborted(options.signal);
    model.step();
    options.onProgress?.({ stage: "UMAP", done: step + 1, total: steps });
    await setImmediate();
  }
  const embedding = model.getEmbedding();
  const middle = Array.from(
    { length: dimensions },
    (_, d) => embedding.reduce((sum, y) => sum + y[d]!, 0) / count,
  );
  return Float32Array.from({ length: count * dimensions }, (_, n) => {
    const d = n % dimensions;
    return embedding[Math.floor(n / dimensions)]![d]! - middle[d]!;
  });
}
