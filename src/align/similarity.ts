import { type Affine, FaceError, type Point, type Space } from "../core/index.ts";

/**
 * The rotation, uniform scale and shift that bring `from` closest to `to`, in the least-squares sense.
 *
 * With x' = a·x − b·y + c and y' = b·x + a·y + f the problem is linear, and a mirror image cannot come out of it.
 *
 * Shapes    from [K], to [K], K ≥ 2
 * Throws    FaceError SHAPE when the points of `from` coincide or are not finite
 * Source    closed form of Umeyama's least-squares similarity in two dimensions, reflection excluded
 */
export function fitSimilarity<F extends Space, T extends Space>(
  from: readonly Point<F>[],
  to: readonly Point<T>[],
): Affine<F, T> {
  const count = from.length;
  const meanFrom = mean(from);
  const meanTo = mean(to);
  let dot = 0;
  let cross = 0;
  let spread = 0;
  for (let i = 0; i < count; i++) {
    const x = from[i]!.x - meanFrom.x;
    const y = from[i]!.y - meanFrom.y;
    const u = to[i]!.x - meanTo.x;
    const v = to[i]!.y - meanTo.y;
    dot += x * u + y * v;
    cross += x * v - y * u;
    spread += x * x + y * y;
  }
  const scale = Math.hypot(dot, cross) / spread;
  if (!(scale > 0) || !Number.isFinite(scale)) {
    throw new FaceError("SHAPE", {
      where: "align",
      expected: `${count} landmarks that differ`,
      got: "ones without extent",
    });
  }
  const a = dot / spread;
  const b = cross / spread;
  return {
    a,
    b: -b,
    c: meanTo.x - a * meanFrom.x + b * meanFrom.y,
    d: b,
    e: a,
    f: meanTo.y - b * meanFrom.x - a * meanFrom.y,
  };
}

function mean(points: readonly Point<Space>[]): { x: number; y: number } {
  let x = 0;
  let y = 0;
  for (const point of points) {
    x += point.x / points.length;
    y += point.y / points.length;
  }
  return { x, y };
}
