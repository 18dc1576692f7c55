import sharp from "sharp";
import type { RgbImage } from "./rgb-image.ts";

/** A picture as a PNG file's bytes. */
export async function encodePng(image: RgbImage): Promise<Uint8Array> {
  return await sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } })
    .png()
    .toBuffer();
}

/** A picture as a JPEG file's bytes. @param quality 1…100 */
export async function encodeJpeg(image: RgbImage, quality = 90): Promise<Uint8Array> {
  return await sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
}
