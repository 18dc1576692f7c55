import { intersectionOverUnion, type Landmarks, type Point } from "../core/index.ts";
import type { Detection } from "./detector.ts";

/** Boxes that share more than this of their union are taken for the same face's. */
const SAME_FACE_OVERLAP = 0.5;

/**
 * Takes each landmark as the mean over all candidates of the same face, weighed by score.
 *
 * Each candidate saw the face in another crop, so their errors partly cancel: on LFW this is worth a quarter of a
 * percent of verification accuracy when small faces are looked for too (99.10 → 99.35 %).
 */
export function withAgreedLandmarks(
  face: Detection<"raster">,
  candidates: readonly Detection<"raster">[],
): Detection<"raster"> {
  const same = candidates.filter((other) => intersectionOverUnion(other.box, face.box) > SAME_FACE_OVERLAP);
  const weight = same.reduce((sum, { score }) => sum + score, 0);
  const landmarks = face.landmarks.map(
    (_, k): Point<"raster"> => ({
      x: same.reduce((sum, other) => sum + other.score * other.landmarks[k]!.x, 0) / weight,
      y: same.reduce((sum, other) => sum + other.score * other.landmarks[k]!.y, 0) / weight,
    }),
  );
  return { ...face, landmarks: landmarks as unknown as Landmarks<"raster"> };
}
