import { FaceError, throwIfAborted, type WorkOptions } from "../core/index.ts";
import { NeighbourSearch } from "./neighbour-search.ts";
import { checkPoints, type Points } from "./points.ts";

/** The k nearest other points of every point, by Euclidean distance. */
export interface Neighbours {
  readonly k: number;
  /** Shapes    [N × k], nearest first; of equally near ones the lower index first */
  readonly indices: Int32Array;
  /** Shapes    [N × k], distances */
  readonly distances: Float32Array;
}

/**
 * The k nearest other points of every point, exactly: every pair is compared.
 *
 * For vectors of length 1 the order is that of falling cosine. A point is never its own neighbour; points at the same
 * place are each other's. Where distances are closer than float32 can tell (about 10⁻⁶ of the points' spread), either
 * of two may be the last of the k.
 *
 * Throws    FaceError USAGE unless 1 ≤ k < N, or for a number that is not finite; SHAPE; ABORTED
 */
export async function nearestNeighbours(
  points: Points,
  k: number,
  options: WorkOptions = {},
): Promise<Neighbours> {
  checkPoints("neighbours", points);
  const { count } = points;
  if (!Number.isInteger(k) || k < 1 || k >= count) {
    throw new FaceError("USAGE", {
      where: "neighbours",
      expected: `k from 1 to ${count - 1}, one less than there are points`,
      got: k,
    });
  }
  const indices = new Int32Array(count * k);
  const distances = new Float32Array(count * k);
  await using search = await NeighbourSearch.open(points, k);
  for (let from = 0; from < count; from += NeighbourSearch.ROWS) {
    throwIfAborted(options.signal);
    const to = Math.min(count, from + NeighbourSearch.ROWS);
    await search.rows(points, from, to, indices, distances, true);
    options.onProgress?.({ stage: "neighbours", done: to, total: count });
  }
  return { k, indices, distances };
}
