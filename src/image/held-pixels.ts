import sharp from "sharp";
import type { Box } from "../core/index.ts";
import { copyRegion, type PixelSource } from "./pixel-source.ts";
import { RgbImage } from "./rgb-image.ts";

/** A picture whose pixels are in memory already. */
export class HeldPixels implements PixelSource {
  readonly rowsAlong = "x";
  readonly warnings: readonly string[];
  readonly #image: RgbImage;

  constructor(image: RgbImage, warnings: readonly string[] = []) {
    this.#image = image;
    this.warnings = warnings;
  }

  get width(): number {
    return this.#image.width;
  }

  get height(): number {
    return this.#image.height;
  }

  async whole(maxSidePx: number): Promise<RgbImage> {
    const { width, height, data } = this.#image;
    if (Math.max(width, height) <= maxSidePx) return this.#image;
    const { data: reduced, info } = await sharp(data, { raw: { width, height, channels: 3 } })
      .resize(maxSidePx, maxSidePx, { fit: "inside", kernel: "linear" })
      .raw()
      .toBuffer({ resolveWithObject: true });
    return new RgbImage(info.width, info.height, new Uint8Array(reduced), { width, height });
  }

  async region(box: Box<"image">): Promise<RgbImage> {
    return copyRegion(this.#image, box);
  }
}
