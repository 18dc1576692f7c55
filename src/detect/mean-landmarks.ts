import type { Landmarks, Point } from "../core/index.ts";

/**
 * The mean of several networks' landmarks of one face. Networks that were trained apart err apart: on pasted faces the mean
 * of two lies nearer to the truth than the better of both, in the median and in the worst twentieth.
 */
export function meanLandmarks(each: readonly Landmarks<"raster">[]): Landmarks<"raster"> {
  const points = each[0]!.map(
    (_, k): Point<"raster"> => ({
      x: each.reduce((sum, landmarks) => sum + landmarks[k]!.x, 0) / each.length,
      y: each.reduce((sum, landmarks) => sum + landmarks[k]!.y, 0) / each.length,
    }),
  );
  return points as unknown as Landmarks<"raster">;
}

/** Mean distance of two networks' landmarks of one face, in pixels. */
export function landmarksApart(a: Landmarks<"raster">, b: Landmarks<"raster">): number {
  return a.reduce((sum, { x, y }, k) => sum + Math.hypot(x - b[k]!.x, y - b[k]!.y), 0) / a.length;
}

/** The angle by which a face is turned in the picture's plane, by its eyes, in radians, clockwise. */
export function rollOf([left, right]: Landmarks<"raster">): number {
  return Math.atan2(right.y - left.y, right.x - left.x);
}
