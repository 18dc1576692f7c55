import { type Box, internal } from "../core/index.ts";
import type { PixelSource } from "./pixel-source.ts";
import { RgbImage } from "./rgb-image.ts";

/** The most pixels of a picture that are held at a time, at three bytes each, unless it was decoded by the caller. */
export const MAX_HELD_PIXELS = 4096 * 4096;

/**
 * A photograph that was opened but not decoded: its size is known, and any part of it can be had in full.
 *
 * Memory    at most {@link MAX_HELD_PIXELS} pixels here; the decoders of progressive JPEG, interlaced PNG, WebP and
 *           AVIF hold the whole picture besides, some bytes a pixel
 */
export class Picture {
  readonly #source: PixelSource;

  constructor(source: PixelSource) {
    this.#source = source;
  }

  /** Of the upright photograph, in pixels. */
  get width(): number {
    return this.#source.width;
  }

  get height(): number {
    return this.#source.height;
  }

  /** See {@link PixelSource.rowsAlong}. */
  get rowsAlong(): "x" | "y" {
    return this.#source.rowsAlong;
  }

  /** Faults of a picture that can be read all the same; sentences without the picture's name. */
  get warnings(): readonly string[] {
    return this.#source.warnings;
  }

  /** The whole picture, its longer side reduced to `maxSidePx` where it is longer. Throws FaceError BAD_IMAGE. */
  async whole(maxSidePx: number): Promise<RgbImage> {
    return await this.#source.whole(maxSidePx);
  }

  /**
   * A rectangle of the picture, halved `halvings` times as {@link RgbImage.half} does it.
   *
   * Read in strips of at most {@link MAX_HELD_PIXELS}: the result is what halving the whole rectangle would give.
   *
   * @param box in whole pixels and inside the picture
   * Shapes    result ⌊width / 2^halvings⌋ × ⌊height / 2^halvings⌋, at least 1 × 1
   * Throws    FaceError BAD_IMAGE
   */
  async region(box: Box<"image">, halvings = 0): Promise<RgbImage> {
    const { x, y, width, height } = box;
    if (![x, y, width, height].every(Number.isInteger) || x < 0 || y < 0 || width < 1 || height < 1)
      throw internal({
        where: "picture",
        expected: "a rectangle in whole pixels",
        got: JSON.stringify(box),
      });
    if (x + width > this.width || y + height > this.height)
      throw internal({
        where: "picture",
        expected: `a rectangle in ${this.width}×${this.height}`,
        got: JSON.stringify(box),
      });
    const step = 2 ** halvings;
    const alongX = this.rowsAlong === "x";
    const [across, along] = alongX ? [width, height] : [height, width];
    const strip = Math.max(step, Math.floor(MAX_HELD_PIXELS / across / step) * step);
    if (along <= strip) return halved(await this.#source.region(box), halvings);
    const out = new RgbImage(
      Math.max(1, Math.floor(width / step)),
      Math.max(1, Math.floor(height / step)),
      new Uint8Array(Math.max(1, Math.floor(width / step)) * Math.max(1, Math.floor(height / step)) * 3),
    );
    for (let at = 0; at + step <= along; at += strip) {
      const length = Math.min(strip, along - at);
      const part = alongX ? { x, y: y + at, width, height: length } : { x: x + at, y, width: length, height };
      const piece = halved(await this.#source.region(part), halvings);
      paste(piece, out, alongX ? 0 : at / step, alongX ? at / step : 0);
    }
    return out;
  }
}

function halved(image: RgbImage, halvings: number): RgbImage {
  let reduced = image;
  for (let i = 0; i < halvings; i++) reduced = reduced.half();
  return reduced;
}

function paste(piece: RgbImage, onto: RgbImage, x: number, y: number): void {
  const columns = Math.min(piece.width, onto.width - x);
  for (let row = 0; row < Math.min(piece.height, onto.height - y); row++) {
    const from = row * piece.width * 3;
    onto.data.set(piece.data.subarray(from, from + columns * 3), ((y + row) * onto.width + x) * 3);
  }
}
