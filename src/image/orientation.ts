import type { Box } from "../core/index.ts";
import { RgbImage } from "./rgb-image.ts";

/** Orientation of a picture in its file: EXIF's 1 to 8, 1 being upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Tells whether rows of the file are columns of the upright picture. */
export function isTurned(orientation: Orientation): boolean {
  return orientation >= 5;
}

/**
 * Position in the file of a pixel of the upright picture.
 *
 * Ranges    width and height of the picture as it lies in the file
 * Source    JEITA CP-3451 (EXIF 2.3), tag 0x0112
 */
function inFile(
  orientation: Orientation,
  width: number,
  height: number,
  x: number,
  y: number,
): readonly [number, number] {
  const [right, bottom] = [width - 1, height - 1];
  switch (orientation) {
    case 1:
      return [x, y];
    case 2:
      return [right - x, y];
    case 3:
      return [right - x, bottom - y];
    case 4:
      return [x, bottom - y];
    case 5:
      return [y, x];
    case 6:
      return [y, bottom - x];
    case 7:
      return [right - y, bottom - x];
    case 8:
      return [right - y, x];
  }
}

/** A rectangle of the upright picture, in whole pixels, as it lies in the file. */
export function boxInFile(
  orientation: Orientation,
  width: number,
  height: number,
  box: Box<"image">,
): { readonly left: number; readonly top: number; readonly width: number; readonly height: number } {
  const [x1, y1] = inFile(orientation, width, height, box.x, box.y);
  const [x2, y2] = inFile(orientation, width, height, box.x + box.width - 1, box.y + box.height - 1);
  return {
    left: Math.min(x1, x2),
    top: Math.min(y1, y2),
    width: Math.abs(x2 - x1) + 1,
    height: Math.abs(y2 - y1) + 1,
  };
}

/** A picture as it lies in the file, turned and mirrored upright. */
export function upright(image: RgbImage, orientation: Orientation): RgbImage {
  if (orientation === 1) return image;
  const { data: from, width: stride } = image;
  const [width, height] = isTurned(orientation) ? [image.height, image.width] : [image.width, image.height];
  const out = new Uint8Array(from.length);
  const place = (x: number, y: number): number => {
    const [u, v] = inFile(orientation, image.width, image.height, x, y);
    return (v * stride + u) * 3;
  };
  const origin = place(0, 0);
  const stepX = width > 1 ? place(1, 0) - origin : 0;
  const stepY = height > 1 ? place(0, 1) - origin : 0;
  let to = 0;
  for (let y = 0; y < height; y++) {
    let at = origin + y * stepY;
    for (let x = 0; x < width; x++, at += stepX) {
      out[to++] = from[at]!;
      out[to++] = from[at + 1]!;
      out[to++] = from[at + 2]!;
    }
  }
  return new RgbImage(width, height, out);
}

/** A picture turned clockwise by quarters of a full turn. */
export function turnedImage(image: RgbImage, quarters: 1 | 2 | 3): RgbImage {
  return upright(image, quarters === 1 ? 6 : quarters === 2 ? 3 : 8);
}
