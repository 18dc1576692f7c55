import { readFile, stat } from "node:fs/promises";
import sharp from "sharp";
import { FaceError, reasonOf, systemCode } from "../core/index.ts";
import { PICTURE_KINDS, pictureKindOf } from "./picture-kind.ts";
import { RgbImage } from "./rgb-image.ts";

/** A photograph: a file's path, or an encoded file's bytes. */
export type ImageSource = string | Uint8Array;

/** Limits that a picture from a stranger has to keep. */
export interface ReadImageOptions {
  /** Pictures with more pixels are refused before anything is allocated. @default 200 million */
  readonly maxPixels?: number;
  /** Longer sides are reduced to this while decoding, in pixels. @default 4096 */
  readonly maxSidePx?: number;
}

export const READ_IMAGE_DEFAULTS = { maxPixels: 200_000_000, maxSidePx: 4096 } as const;

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

const MAX_FILE_BYTES = 1 << 30;
const FORMATS = "JPEG, PNG, WebP, AVIF, TIFF or GIF";

// Threads belong to photographs side by side, not to one; the cache would keep strangers' pictures.
sharp.concurrency(1);
sharp.cache(false);

/**
 * Decodes a photograph upright: EXIF orientation applied, any bit depth and colour space brought to 8-bit sRGB,
 * transparency laid over white, an animation's first frame.
 *
 * Throws    FaceError BAD_FILE when a path cannot be read, BAD_IMAGE when the content is not a whole picture
 */
export async function readImage(source: ImageSource, options: ReadImageOptions = {}): Promise<RgbImage> {
  const where = typeof source === "string" ? source : "image";
  const bytes = typeof source === "string" ? await readPhotograph(source) : source;
  return await decodeImage(bytes, { ...READ_IMAGE_DEFAULTS, ...options }, where);
}

async function readPhotograph(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    if (!found.isFile()) {
      throw new FaceError(
        "BAD_FILE",
        `${path}: expected a file, got ${found.isDirectory() ? "a folder" : "something else"}`,
      );
    }
    if (found.size > MAX_FILE_BYTES) {
      throw new FaceError("BAD_FILE", `${path}: expected at most ${MAX_FILE_BYTES} bytes, got ${found.size}`);
    }
    return await readFile(path);
  } catch (cause) {
    throw fileError(path, cause);
  }
}

async function decodeImage(
  bytes: Uint8Array,
  limits: Required<ReadImageOptions>,
  where: string,
): Promise<RgbImage> {
  if (bytes.length === 0) throw new FaceError("BAD_IMAGE", `${where}: expected ${FORMATS}, got 0 bytes`);
  const kind = pictureKindOf(bytes);
  if (kind === undefined || !PICTURE_KINDS[kind].read) {
    const got =
      kind === undefined ? "another kind of file" : `a file of the kind ${PICTURE_KINDS[kind].name}`;
    throw new FaceError("BAD_IMAGE", `${where}: expected ${FORMATS}, got ${got}`);
  }
  try {
    const picture = sharp(bytes, { limitInputPixels: limits.maxPixels, failOn: "error", autoOrient: true });
    const { autoOrient } = await picture.metadata();
    const longest = Math.max(autoOrient.width, autoOrient.height);
    if (autoOrient.width * autoOrient.height > limits.maxPixels)
      throw new Error("Input image exceeds pixel limit");
    if (longest > limits.maxSidePx) {
      picture.resize(limits.maxSidePx, limits.maxSidePx, { fit: "inside", kernel: "linear" });
    }
    const { data, info } = await picture
      .toColourspace("srgb")
      .flatten({ background: "white" })
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`Expected 3 channels, got ${info.channels}`);
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const photograph = { width: autoOrient.width, height: autoOrient.height };
    return new RgbImage(info.width, info.height, pixels, photograph);
  } catch (cause) {
    throw imageError(where, limits, cause);
  }
}

function imageError(where: string, limits: Required<ReadImageOptions>, cause: unknown): FaceError {
  if (cause instanceof FaceError) return cause;
  const reason = reasonOf(cause);
  if (/pixel limit/i.test(reason)) {
    return new FaceError("BAD_IMAGE", `${where}: expected at most ${limits.maxPixels} pixels, got more`, {
      cause,
    });
  }
  return new FaceError("BAD_IMAGE", `${where}: expected a whole picture, got a damaged one (${reason})`, {
    cause,
  });
}

function fileError(path: string, cause: unknown): FaceError {
  if (cause instanceof FaceError) return cause;
  const reasons: Record<string, string> = {
    ENOENT: "nothing there",
    EACCES: "one that may not be read",
    EPERM: "one that may not be read",
    ELOOP: "a link that leads back to itself",
    ENAMETOOLONG: "a name that is too long",
    ENOTDIR: "a path through something that is not a folder",
  };
  const code = systemCode(cause) ?? "";
  return new FaceError(
    "BAD_FILE",
    `${path}: expected a readable file, got ${reasons[code] ?? reasonOf(cause)}`,
    { cause },
  );
}
