import type { Affine, Box } from "../core/index.ts";
import { encodeJpeg, type ImageSource, type RgbImage, readImage, warpAffine } from "../image/index.ts";

/**
 * A square picture of a face with some of what is around it.
 *
 * @param box the face, in pixels of the photograph; without it the middle of the photograph is shown
 * @param sidePx side of the result, in pixels
 * Returns   a JPEG's bytes
 */
export async function thumbnail(
  source: ImageSource,
  box: Box<"image"> | undefined,
  sidePx: number,
): Promise<Uint8Array> {
  return await encodeJpeg(squareAround(await readImage(source), box, sidePx));
}

/**
 * A square of a picture around a face, with some of what is around it; see {@link thumbnail}.
 *
 * Shapes    result sidePx × sidePx
 */
export function squareAround(image: RgbImage, box: Box<"image"> | undefined, sidePx: number): RgbImage {
  const { width, height, scale } = image;
  const shorter = Math.min(width, height);
  const side = box ? Math.min(shorter, (1.7 * Math.max(box.width, box.height)) / scale) : shorter;
  const centreX = box ? (box.x + box.width / 2) / scale : width / 2;
  const centreY = box ? (box.y + box.height / 2) / scale : height / 2;
  const x = Math.min(Math.max(centreX - side / 2, 0), width - side);
  const y = Math.min(Math.max(centreY - side / 2, 0), height - side);
  const from: Affine<"crop", "raster"> = { a: side / sidePx, b: 0, c: x, d: 0, e: side / sidePx, f: y };
  return warpAffine(image, from, sidePx, sidePx);
}
