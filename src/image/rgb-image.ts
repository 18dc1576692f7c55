import { FaceError } from "../core/index.ts";

/**
 * An upright picture in memory: 8-bit sRGB, rows from the top, three bytes a pixel.
 *
 * A picture is never written after it was made; smaller versions are computed when first needed and kept.
 */
export class RgbImage {
  readonly width: number;
  readonly height: number;
  /** width · height · 3 bytes. */
  readonly data: Uint8Array;
  /** Size of the photograph this was decoded from, in pixels; larger than this when it was reduced on the way. */
  readonly photograph: { readonly width: number; readonly height: number };
  #half: RgbImage | undefined;

  constructor(width: number, height: number, data: Uint8Array, photograph = { width, height }) {
    if (data.length !== width * height * 3 || width < 1 || height < 1) {
      throw new FaceError("SHAPE", {
        where: "image",
        expected: `${width}×${height}×3 bytes and at least 1 pixel`,
        got: `${data.length} bytes`,
      });
    }
    this.width = width;
    this.height = height;
    this.data = data;
    this.photograph = photograph;
  }

  /** Pixels of the photograph per pixel of this raster. */
  get scale(): number {
    return Math.max(this.photograph.width, this.photograph.height) / Math.max(this.width, this.height);
  }

  /** The same picture at half the size, each pixel the mean of four; an odd last row or column is left out. */
  half(): RgbImage {
    this.#half ??= halve(this);
    return this.#half;
  }
}

function halve(image: RgbImage): RgbImage {
  const width = Math.max(1, image.width >> 1);
  const height = Math.max(1, image.height >> 1);
  const from = image.data;
  const out = new Uint8Array(width * height * 3);
  const right = image.width > 1 ? 3 : 0;
  const below = image.height > 1 ? image.width * 3 : 0;
  let to = 0;
  for (let y = 0; y < height; y++) {
    let at = 2 * y * image.width * 3;
    for (let x = 0; x < width; x++, at += 6) {
      for (let c = 0; c < 3; c++) {
        const p = at + c;
        out[to++] = (from[p]! + from[p + right]! + from[p + below]! + from[p + below + right]! + 2) >> 2;
      }
    }
  }
  return new RgbImage(width, height, out, image.photograph);
}
