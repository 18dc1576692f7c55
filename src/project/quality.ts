import { FaceError, type WorkOptions } from "../core/index.ts";
import { nearestNeighbours } from "./neighbours.ts";
import { checkPoints, type Points } from "./points.ts";

/** How faithful a layout is to the points it shows. Coordinates say nothing: only neighbourhoods can be compared. */
export interface LayoutQuality {
  /** Neighbours looked at. */
  readonly k: number;
  /** The share of each point's k nearest that are among its k nearest in the layout. In [0, 1]; k/(N − 1) by chance. */
  readonly neighbourhoodPreservation: number;
  /** 1 less a penalty for neighbours in the layout that were far. In [0, 1]; ½ by chance. */
  readonly trustworthiness: number;
}

/**
 * Neighbourhood preservation and trustworthiness of a layout.
 *
 * @param layout [N × d]
 * @param options.k @default 10, or as many as N allows
 * Throws    FaceError USAGE for fewer than 3 points or a k above (N − 1)/2, SHAPE, ABORTED
 * Source    J. Venna, S. Kaski, "Neighborhood preservation in nonlinear projection methods", 2001
 */
export async function layoutQuality(
  points: Points,
  layout: Float32Array,
  options: WorkOptions & { readonly k?: number } = {},
): Promise<LayoutQuality> {
  checkPoints("layout quality", points);
  const { count, dimension } = points;
  const most = Math.floor((count - 1) / 2);
  const k = options.k ?? Math.min(10, most);
  if (!Number.isInteger(k) || k < 1 || k > most) {
    throw new FaceError(
      "USAGE",
      `layout quality: expected k from 1 to ${most}, half of the other points, got ${k}`,
    );
  }
  const flat = { data: layout, count, dimension: layout.length / count };
  const shown = (await nearestNeighbours(flat, k, options)).indices;
  const real = (await nearestNeighbours(points, k, options)).indices;
  let kept = 0;
  let penalty = 0;
  for (let i = 0; i < count; i++) {
    const mine = new Set(real.subarray(i * k, (i + 1) * k));
    const strangers = Array.from(shown.subarray(i * k, (i + 1) * k)).filter((j) => !mine.has(j));
    kept += k - strangers.length;
    penalty += strangersPenalty(points.data, count, dimension, i, strangers, k);
  }
  return {
    k,
    neighbourhoodPreservation: kept / (count * k),
    trustworthiness: 1 - (2 * penalty) / (count * k * (2 * count - 3 * k - 1)),
  };
}

/** Σ (rank − k) over points that the layout wrongly shows near: one pass over all distances counts all ranks. */
function strangersPenalty(
  data: Float32Array,
  count: number,
  dimension: number,
  i: number,
  strangers: readonly number[],
  k: number,
): number {
  if (strangers.length === 0) return 0;
  const square = (j: number): number => {
    let sum = 0;
    for (let d = 0; d < dimension; d++) {
      const difference = data[i * dimension + d]! - data[j * dimension + d]!;
      sum += difference * difference;
    }
    return sum;
  };
  const bounds = strangers
    .map((j) => ({ j, square: square(j) }))
    .sort((a, b) => a.square - b.square || a.j - b.j);
  // How many points lie nearer than each stranger, from the counts between neighbouring strangers.
  const between = new Int32Array(bounds.length + 1);
  for (let j = 0; j < count; j++) {
    if (j === i) continue;
    const d = square(j);
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const bound = bounds[middle]!;
      if (bound.square < d || (bound.square === d && bound.j <= j)) low = middle + 1;
      else high = middle;
    }
    between[low] = between[low]! + 1;
  }
  let nearer = 0;
  let penalty = 0;
  for (let s = 0; s < bounds.length; s++) {
    nearer += between[s]!;
    penalty += Math.max(0, nearer + 1 - k);
    // The stranger itself stands in the next interval.
  }
  return penalty;
}
