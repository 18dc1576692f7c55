import { setImmediate } from "node:timers/promises";
import { FaceError, throwIfAborted, type WorkOptions } from "../core/index.ts";
import { checkPoints, type Points } from "./points.ts";

/** The faithfulness of a layout to the points it shows. Coordinates say nothing: only neighbourhoods can be compared. */
export interface LayoutQuality {
  /** Neighbours looked at. */
  readonly k: number;
  /** The share of each point's k nearest that are among its k nearest in the layout. In [0, 1]; k/(N − 1) by chance. */
  readonly neighbourhoodPreservation: number;
  /** 1 less a penalty for neighbours in the layout that were far. In [0, 1]; ½ by chance. */
  readonly trustworthiness: number;
}

/** Points judged at most: enough for the third digit, and work that grows with N and not with N². */
const JUDGED = 2000;
const SLICE = 50;

/**
 * Neighbourhood preservation and trustworthiness of a layout, over at most 2,000 of its points at even steps.
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
  const { count } = points;
  const most = Math.floor((count - 1) / 2);
  const k = options.k ?? Math.min(10, most);
  if (!Number.isInteger(k) || k < 1 || k > most) {
    throw new FaceError("USAGE", {
      where: "layout quality",
      expected: `k from 1 to ${most}, half of the other points`,
      got: k,
    });
  }
  const shownPoints = { data: layout, count, dimension: layout.length / count };
  checkPoints("layout quality, layout", shownPoints);
  const judged = Math.min(count, JUDGED);
  let kept = 0;
  let penalty = 0;
  const [real, shown] = [new Float64Array(count), new Float64Array(count)];
  for (let n = 0; n < judged; n++) {
    const i = Math.floor((n * count) / judged);
    squaresFrom(points, i, real);
    squaresFrom(shownPoints, i, shown);
    const mine = new Set(nearest(real, i, k));
    for (const j of nearest(shown, i, k)) {
      if (mine.has(j)) kept++;
      else penalty += rankOf(real, i, j) - k;
    }
    if (n % SLICE === 0) {
      throwIfAborted(options.signal);
      options.onProgress?.({ stage: "layout quality", done: n, total: judged });
      await setImmediate();
    }
  }
  return {
    k,
    neighbourhoodPreservation: kept / (judged * k),
    trustworthiness: 1 - (2 * penalty) / (judged * k * (2 * count - 3 * k - 1)),
  };
}

function squaresFrom({ data, count, dimension }: Points, i: number, out: Float64Array): void {
  const a = i * dimension;
  for (let j = 0; j < count; j++) {
    const b = j * dimension;
    let square = 0;
    for (let d = 0; d < dimension; d++) {
      const difference = data[a + d]! - data[b + d]!;
      square += difference * difference;
    }
    out[j] = square;
  }
}

/** The k others with the smallest values, of equal ones those with the lower index. */
function nearest(squares: Float64Array, i: number, k: number): number[] {
  const best: number[] = [];
  let worst = Number.POSITIVE_INFINITY;
  for (let j = 0; j < squares.length; j++) {
    const square = squares[j]!;
    if (square >= worst || j === i) continue;
    let place = best.length;
    while (place > 0 && squares[best[place - 1]!]! > square) place--;
    best.splice(place, 0, j);
    if (best.length > k) best.pop();
    if (best.length === k) worst = squares[best[k - 1]!]!;
  }
  return best;
}

/** 1 for the nearest other point. */
function rankOf(squares: Float64Array, i: number, j: number): number {
  const square = squares[j]!;
  let rank = 1;
  for (let other = 0; other < squares.length; other++) {
    const value = squares[other]!;
    if (other !== i && (value < square || (value === square && other < j))) rank++;
  }
  return rank;
}
