import sharp from "sharp";
import { FaceError } from "../core/index.ts";
import { readPhotograph } from "./image-source.ts";
import { RgbImage } from "./rgb-image.ts";

/** A frame of an animation and when it is shown, in seconds from the beginning. */
export interface AnimationFrame {
  readonly image: RgbImage;
  readonly seconds: number;
}

/** Frames that are shown for no time are shown for this long, as browsers do. */
const SHORTEST_MS = 100;
/** The most pixels of one frame. */
const MAX_FRAME_PIXELS = 1 << 26;

/**
 * The frames of an animated GIF or WebP, one decoded at a time; of a picture that stands still its only one.
 *
 * Throws    FaceError BAD_FILE, BAD_IMAGE
 */
export async function* readAnimation(path: string): AsyncGenerator<AnimationFrame> {
  const bytes = await readPhotograph(path);
  const bad = (cause: unknown): FaceError =>
    new FaceError("BAD_IMAGE", { where: path, expected: "an animation that can be decoded", cause });
  // The decoder calls it a wrong use of its own.
  if (bytes.length === 0)
    throw new FaceError("BAD_IMAGE", { where: path, expected: "an animation", got: "0 bytes" });
  const { pages = 1, delay = [] } = await sharp(bytes, { limitInputPixels: MAX_FRAME_PIXELS })
    .metadata()
    .catch((cause: unknown) => {
      throw bad(cause);
    });
  let ms = 0;
  for (let page = 0; page < pages; page++) {
    const { data, info } = await sharp(bytes, { page, limitInputPixels: MAX_FRAME_PIXELS })
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true })
      .catch((cause: unknown) => {
        throw bad(cause);
      });
    const pixels = info.channels === 3 ? data : rgbOf(data, info.channels);
    yield { image: new RgbImage(info.width, info.height, new Uint8Array(pixels)), seconds: ms / 1000 };
    ms += delay[page] || SHORTEST_MS;
  }
}

/** Grey, or colours with alpha, as RGB. */
function rgbOf(data: Uint8Array, channels: number): Uint8Array {
  const count = data.length / channels;
  const out = new Uint8Array(count * 3);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++) out[3 * i + c] = data[i * channels + (channels < 3 ? 0 : c)]!;
  return out;
}
