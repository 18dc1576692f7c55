import { boundsOf, pairsPerArea } from "./layout-bounds.ts";
import { SPLINE_NODES } from "./spline.ts";

/** The finest grid carries the whole kernel, whose width is 1. docs/decisions/tsne.md has the errors. */
const FINEST = 1 / 3;
/** Radii of the near field to choose from, 0 for none; the grid's spacing is a third of the radius. */
const RADII: readonly number[] = [0, 1.5, 2, 3, 4, 6];
/** Measured costs in nanoseconds: a node of the transforms per doubling, and a pair in the near field. */
const NODE_COST = 6;
const PAIR_COST = 8;
/** A layout smaller than this many spacings gets a finer grid: forces inside a cell would drown in its errors. */
const MIN_CELLS = 40;
/** Nodes a side at most; a wider layout gets a coarser grid. */
export const MAX_NODES = 1024;
/** Layouts grow, and every change of the grid costs a new kernel spectrum: it is laid out for more than is needed. */
export const HEADROOM = 1.05;

/**
 * The radius of the near field at which a layout costs least: a larger one means more pairs and a coarser grid.
 *
 * Returns   one of a few radii, 0 for a grid alone; for very wide layouts the smallest one whose grid reaches
 */
export function cheapestRadius(layout: Float64Array): number {
  const bounds = boundsOf(layout);
  const pairs = pairsPerArea(layout, bounds);
  const widest = 3.1 * reach(bounds.extent);
  let best = widest;
  let least = Number.POSITIVE_INFINITY;
  for (const radius of [...RADII, widest]) {
    const spacing = radius > 0 ? radius / 3 : FINEST;
    if (spacing < reach(bounds.extent)) continue;
    const side = 2 * (bounds.extent / spacingFor(bounds.extent, radius) + SPLINE_NODES);
    const cost = NODE_COST * side * side * Math.log2(side) + PAIR_COST * Math.PI * radius * radius * pairs;
    if (cost < least) {
      least = cost;
      best = radius;
    }
  }
  return best;
}

/** Distance between the nodes of a grid over a layout of this extent, with a near field of this radius. */
export function spacingFor(extent: number, radius: number): number {
  let spacing = radius > 0 ? radius / 3 : FINEST;
  if (radius === 0) while (spacing > 1e-12 && extent < MIN_CELLS * spacing) spacing /= 2;
  while (spacing < reach(extent)) spacing *= 1.25;
  return spacing;
}

/** The spacing at which the largest grid just covers a layout. */
function reach(extent: number): number {
  return (extent * HEADROOM) / (MAX_NODES - SPLINE_NODES - 1);
}
