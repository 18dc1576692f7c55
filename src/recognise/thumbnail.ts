import type { Affine, Box } from "../core/index.ts";
import {
  encodeJpeg,
  type ImageSource,
  openPicture,
  type Picture,
  type RgbImage,
  warpAffine,
} from "../image/index.ts";

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
  return await encodeJpeg(await squareAround(await openPicture(source), box, sidePx));
}

/**
 * A square of a picture around a face, with some of what is around it; see {@link thumbnail}. Drawn from the
 * photograph's own pixels, of which no more are held than {@link Picture} says.
 *
 * Shapes    result sidePx × sidePx
 */
export async function squareAround(
  picture: Picture,
  box: Box<"image"> | undefined,
  sidePx: number,
): Promise<RgbImage> {
  const { width, height } = picture;
  const shorter = Math.min(width, height);
  const side = box ? Math.min(shorter, 1.7 * Math.max(box.width, box.height)) : shorter;
  const centreX = box ? box.x + box.width / 2 : width / 2;
  const centreY = box ? box.y + box.height / 2 : height / 2;
  const x = Math.min(Math.max(centreX - side / 2, 0), width - side);
  const y = Math.min(Math.max(centreY - side / 2, 0), height - side);
  if (side >= REDUCED_FROM * Math.max(width, height)) {
    // Most of the picture is shown: reducing while decoding is faster.
    const longest = Math.max(width, height);
    const image = await picture.whole(Math.min(longest, Math.ceil((2 * sidePx * longest) / side)));
    return drawn(image, x, y, side, sidePx, longest / Math.max(image.width, image.height));
  }
  const halvings = Math.max(0, Math.floor(Math.log2(side / sidePx)));
  const step = 2 ** halvings;
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const part = {
    x: left,
    y: top,
    width: Math.min(width - left, Math.ceil(side) + 2 * step),
    height: Math.min(height - top, Math.ceil(side) + 2 * step),
  };
  return drawn(await picture.region(part, halvings), x - left, y - top, side, sidePx, step);
}

/** From this share of the longer side on a square is drawn from the whole picture. */
const REDUCED_FROM = 0.25;

/** @param scale pixels of the photograph a pixel of the raster, which `x`, `y` and `side` are divided by */
function drawn(image: RgbImage, x: number, y: number, side: number, sidePx: number, scale: number): RgbImage {
  const step = side / scale / sidePx;
  const from: Affine<"crop", "raster"> = { a: step, b: 0, c: x / scale, d: 0, e: step, f: y / scale };
  return warpAffine(image, from, sidePx, sidePx);
}
