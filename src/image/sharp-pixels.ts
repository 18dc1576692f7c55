import sharp, { type Sharp } from "sharp";
import { type Box, FaceError } from "../core/index.ts";
import { boxInFile, isTurned, type Orientation, upright } from "./orientation.ts";
import { pictureError } from "./picture-error.ts";
import type { PixelSource } from "./pixel-source.ts";
import { RgbImage } from "./rgb-image.ts";

// Threads belong to photographs side by side, not to one; the cache would keep strangers' pictures.
sharp.concurrency(1);
sharp.cache(false);

/** The longest that one decoding may take, in seconds: what has not ended by then hardly ever would. */
const DECODE_LIMIT_S = 120;
/** Rows that may be missing at the end of a damaged JPEG, as a fraction of all. */
const MAX_MISSING = 0.05;

/** An encoded file, and how strictly it is decoded. */
export interface EncodedPicture {
  /** The picture's name in errors. */
  readonly where: string;
  readonly bytes: Uint8Array;
  readonly maxPixels: number;
  /** As the picture lies in the file. */
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
  /** Facts seen before decoding. */
  readonly warnings: readonly string[];
  /**
   * The decoder's view of a fault: `refused`; or, where the format can be told to go on, looked at afterwards:
   * `rows-lost` when the last rows may be missing, `less-sharp` when only the last refinement can be.
   */
  readonly faults: "refused" | "rows-lost" | "less-sharp";
}

/** An encoded picture, decoded by libvips as much of it at a time as is asked for. */
export class SharpPixels implements PixelSource {
  readonly width: number;
  readonly height: number;
  readonly rowsAlong: "x" | "y";
  readonly #picture: EncodedPicture;
  readonly #warnings: string[];
  /** Set when a fault was found that leaves nearly all pixels. */
  #lenient = false;

  constructor(picture: EncodedPicture) {
    this.#picture = picture;
    this.#warnings = [...picture.warnings];
    const turned = isTurned(picture.orientation);
    this.width = turned ? picture.height : picture.width;
    this.height = turned ? picture.width : picture.height;
    this.rowsAlong = turned ? "y" : "x";
  }

  /** Complete once something was decoded. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  async whole(maxSidePx: number): Promise<RgbImage> {
    const photograph = { width: this.width, height: this.height };
    return await this.#decode(async (open) => {
      const picture = open(true);
      if (Math.max(this.width, this.height) > maxSidePx)
        picture.resize(maxSidePx, maxSidePx, { fit: "inside", kernel: "linear" });
      return await pixelsOf(picture, photograph);
    });
  }

  async region(box: Box<"image">): Promise<RgbImage> {
    const { width, height, orientation } = this.#picture;
    const stored = boxInFile(orientation, width, height, box);
    // Turned afterwards: turning first would need the whole picture in memory.
    return upright(
      await this.#decode(async (open) => await pixelsOf(open(false).extract(stored))),
      orientation,
    );
  }

  async #decode(read: (open: (autoOrient: boolean) => Sharp) => Promise<RgbImage>): Promise<RgbImage> {
    const { bytes, maxPixels, where, faults } = this.#picture;
    const openAs = (failOn: "none" | "error" | "warning") => (autoOrient: boolean) =>
      sharp(bytes, { limitInputPixels: maxPixels, failOn, autoOrient }).timeout({ seconds: DECODE_LIMIT_S });
    try {
      if (faults === "refused") return await read(openAs("error"));
      if (this.#lenient) return await read(openAs("none"));
      try {
        return await read(openAs("warning"));
      } catch (fault) {
        if (/^timeout/.test(String((fault as Error).message))) throw fault;
        await this.#judge(openAs("none"), fault);
        this.#lenient = true;
        return await read(openAs("none"));
      }
    } catch (cause) {
      throw pictureError(where, maxPixels, cause);
    }
  }

  /** Notes what is wrong when nearly all pixels are there; throws otherwise. */
  async #judge(open: (autoOrient: boolean) => Sharp, fault: unknown): Promise<void> {
    const { faults, where, width, height } = this.#picture;
    if (faults === "less-sharp") {
      this.#warnings.push("its last refinement is incomplete: parts may be less sharp than the rest");
      return;
    }
    // The decoder fills what is missing with one colour, from the right end of a row of blocks to the end.
    const left = Math.max(0, width - 16);
    const { data } = await pixelsOf(open(false).extract({ left, top: 0, width: width - left, height }));
    const rowBytes = (width - left) * 3;
    let missing = 0;
    for (let at = data.length - 3; at >= 0; at -= 3) {
      if ([0, 1, 2].some((c) => data[at + c] !== data[data.length - 3 + c])) break;
      missing = Math.ceil((data.length - at) / rowBytes);
    }
    if (missing > MAX_MISSING * height) {
      throw new FaceError("BAD_IMAGE", {
        where,
        expected: "a whole picture",
        got: `one whose last ${missing} of ${height} rows are missing`,
        cause: fault,
      });
    }
    this.#warnings.push(
      missing > 0
        ? `it is damaged: up to ${missing} of its ${height} rows are missing at the end`
        : "the decoder found faults in it: parts may look wrong",
    );
  }
}

async function pixelsOf(
  picture: Sharp,
  photograph?: { readonly width: number; readonly height: number },
): Promise<RgbImage> {
  const { data, info } = await picture
    .toColourspace("srgb")
    .flatten({ background: "white" })
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`Expected 3 channels, got ${info.channels}`);
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new RgbImage(info.width, info.height, pixels, photograph);
}
