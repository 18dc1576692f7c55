import { FaceError } from "../core/index.ts";
import type { ImageSource } from "./image-source.ts";
import { openPicture } from "./open-picture.ts";
import type { RgbImage } from "./rgb-image.ts";

/** Limits that a picture from a stranger has to keep. */
export interface ReadImageOptions {
  /** Pictures with more pixels are refused before anything is allocated. @default 200 million */
  readonly maxPixels?: number | undefined;
  /** Longer sides are reduced to this while decoding, in pixels. @default 4096 */
  readonly maxSidePx?: number | undefined;
}

/** The longest side of a picture that {@link readImage} gives unless told otherwise, in pixels. */
const DEFAULT_MAX_SIDE_PX = 4096;

/** File name endings that folder searches take for pictures. The content decides what a file really is. */
export const IMAGE_EXTENSIONS: readonly string[] = [
  ".jpg",
  ".jpeg",
  ".png",
  ".webp",
  ".avif",
  ".tif",
  ".tiff",
  ".gif",
];

/**
 * Decodes a photograph upright: EXIF orientation applied, any bit depth and colour space brought to 8-bit sRGB,
 * transparency laid over white, an animation's first frame.
 *
 * A picture with a fault that leaves nearly all of its pixels is read; {@link openPicture} says what is wrong with it.
 *
 * @param options.strict whether such a picture is refused @default false
 * Throws    FaceError BAD_FILE when a source cannot be read, BAD_IMAGE when the content is not a whole picture, USAGE
 *           when it is no source
 *
 * ```ts
 * import { readImage } from "arcface-ts";
 *
 * const { width, height, data } = await readImage("holiday.jpg");
 * console.log(width, height, data[0]); // red of the first pixel
 * ```
 */
export async function readImage(
  source: ImageSource,
  options: ReadImageOptions & { readonly strict?: boolean | undefined } = {},
): Promise<RgbImage> {
  const picture = await openPicture(source, options);
  const image = await picture.whole(options.maxSidePx ?? DEFAULT_MAX_SIDE_PX);
  const [warning] = picture.warnings;
  if (options.strict && warning !== undefined) {
    const where = typeof source === "string" && !source.startsWith("data:") ? source : "image";
    throw new FaceError("BAD_IMAGE", {
      where,
      expected: "a picture without faults",
      got: `one with: ${warning}`,
    });
  }
  return image;
}
