import type { Box } from "../core/index.ts";
import { RgbImage } from "./rgb-image.ts";

/** The source of pixels: an encoded file, or pixels in memory. Everything is upright and 8-bit sRGB. */
export interface PixelSource {
  readonly width: number;
  readonly height: number;
  /** Along which axis of the upright picture the rows of the file run: pieces along them are cheap to read. */
  readonly rowsAlong: "x" | "y";
  /** Faults of a picture that can be read all the same; sentences without the picture's name. */
  readonly warnings: readonly string[];
  /** The whole picture, its longer side reduced to `maxSidePx` where it is longer. */
  whole(maxSidePx: number): Promise<RgbImage>;
  /** A rectangle, in whole pixels and inside the picture, not reduced. */
  region(box: Box<"image">): Promise<RgbImage>;
}

/** A rectangle of a picture in memory, in whole pixels and inside it. */
export function copyRegion(image: RgbImage, { x, y, width, height }: Box<"image">): RgbImage {
  if (x === 0 && y === 0 && width === image.width && height === image.height) return image;
  const out = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const at = ((y + row) * image.width + x) * 3;
    out.set(image.data.subarray(at, at + width * 3), row * width * 3);
  }
  return new RgbImage(width, height, out);
}
