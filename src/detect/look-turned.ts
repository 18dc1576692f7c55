import { intersectionOverUnion, type Landmarks, type Point } from "../core/index.ts";
import { type RgbImage, turnedImage } from "../image/index.ts";
import type { Detection, DetectOptions, Detector } from "./detector.ts";
import { suppressNonMaxima } from "./non-maximum-suppression.ts";

/**
 * A second look finds what the first did not: it has to be surer, or pictures without faces would yield some. A first look that
 * found nothing so sure is no reason not to look again: upside down a face is often seen, doubtfully, as if it were upright.
 */
const SURE = 0.9;
const SAME_FACE = 0.3;

/** True if a face is one that its detector is sure of. */
export function isSure({ score }: Pick<Detection<"raster">, "score">, { sure = SURE }: Detector): boolean {
  return score >= sure;
}

/**
 * Looks for faces in a picture turned by 90°, 180° and 270°: a photograph that lies on its side and does not say so.
 *
 * Returns   sure faces, in the coordinates of the picture as it is; landmarks by the face's own left and right
 */
export async function lookTurned(
  detector: Detector,
  image: RgbImage,
  options: DetectOptions,
): Promise<Detection<"raster">[]> {
  const found: Detection<"raster">[] = [];
  for (const quarters of [1, 2, 3] as const) {
    const seen = await detector.detect(turnedImage(image, quarters), options);
    for (const face of seen) if (isSure(face, detector)) found.push(turnedBack(face, image, quarters));
  }
  return suppressNonMaxima(found, SAME_FACE, intersectionOverUnion);
}

/** A face in a picture that was turned by quarters clockwise, in the picture as it was. */
function turnedBack(
  { box, score, landmarks }: Detection<"raster">,
  { width, height }: RgbImage,
  quarters: 1 | 2 | 3,
): Detection<"raster"> {
  const back = ({ x, y }: Point<"raster">): Point<"raster"> => {
    if (quarters === 1) return { x: y, y: height - x };
    return quarters === 2 ? { x: width - x, y: height - y } : { x: width - y, y: x };
  };
  const a = back(box);
  const b = back({ x: box.x + box.width, y: box.y + box.height });
  return {
    box: {
      x: Math.min(a.x, b.x),
      y: Math.min(a.y, b.y),
      width: Math.abs(a.x - b.x),
      height: Math.abs(a.y - b.y),
    },
    score,
    landmarks: landmarks.map(back) as unknown as Landmarks<"raster">,
  };
}
