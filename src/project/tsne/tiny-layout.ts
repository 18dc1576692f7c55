import type { Team } from "./team.ts";

/** Up to this side of a layout the series below is exact to 10⁻⁴. */
export const TINY = 0.05;
const POINTS = 4096;

/**
 * Repulsion in a layout so small that nothing is far from anything: by the first terms of the series of w² = (1 + d²)⁻² ≈
 * 1 − 2d², whose sums over all pairs come from a few sums over points.
 *
 * A grid would lose the forces in rounding: over a layout 10⁻⁸ wide the potential differs in its last bit only. That is how
 * wide a layout becomes that has no clusters, while attraction is exaggerated; what order the points are in then is what
 * the layout grows from.
 *
 * Returns   Z, the sum of w over pairs of different points
 */
export function repelTiny(team: Team, layout: Float64Array, force: Float64Array): number {
  const count = layout.length / 2;
  let [middleX, middleY] = [0, 0];
  for (let i = 0; i < layout.length; i += 2) {
    middleX += layout[i]! / count;
    middleY += layout[i + 1]! / count;
  }
  // Σ of |c|², of c|c|² and of c cᵀ, with c the places about the middle.
  let [squares, cubesX, cubesY, xx, xy, yy] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < layout.length; i += 2) {
    const x = layout[i]! - middleX;
    const y = layout[i + 1]! - middleY;
    const square = x * x + y * y;
    squares += square;
    cubesX += x * square;
    cubesY += y * square;
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  team.share(count, POINTS, (from, to) => {
    for (let i = from; i < to; i++) {
      const x = layout[2 * i]! - middleX;
      const y = layout[2 * i + 1]! - middleY;
      const own = count * (x * x + y * y) + squares;
      force[2 * i] = count * x - 2 * (x * own - cubesX + 2 * (xx * x + xy * y));
      force[2 * i + 1] = count * y - 2 * (y * own - cubesY + 2 * (xy * x + yy * y));
    }
  });
  return count * (count - 1) - 2 * count * squares;
}
