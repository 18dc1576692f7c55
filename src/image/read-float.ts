import sharp, { type Metadata } from "sharp";
import { FaceError } from "../core/index.ts";
import { toRgb } from "./image-source.ts";
import { upright } from "./orientation.ts";
import { RgbImage } from "./rgb-image.ts";

/** Four bytes a value and up to five values a pixel: fewer pixels than of other pictures. */
const PIXELS_SHARE = 0.25;

/**
 * Reads a picture of floating-point values from 0 to 1, black to white, encoded as sRGB is.
 *
 * Only their maker knows the meaning of other ranges, so they are refused with the range there is.
 *
 * Throws    FaceError BAD_IMAGE
 */
export async function floatPixels(
  bytes: Uint8Array,
  { depth, width, height, orientation = 1 }: Metadata,
  where: string,
  maxPixels: number,
): Promise<RgbImage> {
  const bad = (expected: string, got: string): FaceError =>
    new FaceError("BAD_IMAGE", { where, expected, got });
  if (depth !== "float" && depth !== "double")
    throw bad("8 or 16 bits a channel, or floats from 0 to 1", `values of the kind ${depth}`);
  const most = Math.floor(maxPixels * PIXELS_SHARE);
  if (width * height > most) throw bad(`at most ${most} pixels in floats`, `${width * height}`);
  const { data, info } = await sharp(bytes, {
    limitInputPixels: maxPixels,
    failOn: "error",
    autoOrient: false,
  })
    .pipelineColourspace("b-w")
    .raw({ depth: "float" })
    .toBuffer({ resolveWithObject: true });
  const values = new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) throw bad("floats from 0 to 1", String(value));
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low < 0 || high > 1) throw bad("floats from 0 to 1", `floats from ${low} to ${high}`);
  const rounded = Uint8Array.from(values, (value) => Math.round(255 * value));
  const image = new RgbImage(info.width, info.height, toRgb(rounded, info.channels));
  return upright(image, orientation as Parameters<typeof upright>[1]);
}
