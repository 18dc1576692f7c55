import sharp, { type Metadata } from "sharp";
import { bytesAt, FaceError } from "../core/index.ts";
import { HeldPixels } from "./held-pixels.ts";
import { type ImageSource, loadSource } from "./image-source.ts";
import { type JpegStructure, jpegStructure } from "./jpeg-structure.ts";
import type { Orientation } from "./orientation.ts";
import { Picture } from "./picture.ts";
import { pictureError } from "./picture-error.ts";
import { PICTURE_KINDS, type PictureKind, pictureKindOf } from "./picture-kind.ts";
import { floatPixels } from "./read-float.ts";
import { readHeic } from "./read-heic.ts";
import { readPnm } from "./read-pnm.ts";
import { type EncodedPicture, SharpPixels } from "./sharp-pixels.ts";

/** The most pixels that a picture may have unless told otherwise. */
export const DEFAULT_MAX_PIXELS = 200_000_000;

/** Scans of a JPEG: encoders write about ten, and every one goes over the whole picture. */
const MAX_SCANS = 100;
/** Blocks that all scans together may go over: 200 million pixels in twenty scans are 94 million. */
const MAX_BLOCK_VISITS = 150_000_000;
/** Colours, black and transparency; scientific files have more, and a row of them can be gigabytes. */
const MAX_CHANNELS = 5;

const FORMATS = Object.values(PICTURE_KINDS)
  .filter(({ read }) => read)
  .map(({ name }) => name)
  .join(", ")
  .replace(/, ([^,]+)$/, " or $1");

/**
 * Opens a photograph: says how large it is and what is wrong with it, and decodes when its pixels are asked for,
 * upright: EXIF orientation applied, any bit depth and colour space brought to 8-bit sRGB, transparency laid over
 * white, an animation's first frame.
 *
 * @param options.maxPixels pictures with more are refused before they are decoded @default 200 million
 * Throws    FaceError BAD_FILE when a source cannot be read, BAD_IMAGE when it is no picture or would cost too much
 *           to decode, USAGE when it is no source
 */
export async function openPicture(
  source: ImageSource,
  options: { readonly maxPixels?: number | undefined } = {},
): Promise<Picture> {
  const maxPixels = options.maxPixels ?? DEFAULT_MAX_PIXELS;
  const loaded = await loadSource(source, maxPixels);
  if (loaded.kind === "pixels") return new Picture(new HeldPixels(loaded.image));
  const { where, bytes } = loaded;
  if (bytes.length === 0) throw new FaceError("BAD_IMAGE", { where, expected: FORMATS, got: "0 bytes" });
  const kind = pictureKindOf(bytes);
  if (kind === "heic") return new Picture(new HeldPixels(await readHeic(bytes, where, maxPixels)));
  if (kind === undefined || !PICTURE_KINDS[kind].read) {
    throw new FaceError("BAD_IMAGE", { where, expected: FORMATS, ...notRead(kind, bytes) });
  }
  if (kind === "pnm") return new Picture(new HeldPixels(readPnm(bytes, where, maxPixels)));
  try {
    return kind === "jpeg"
      ? await openJpeg(bytes, where, maxPixels)
      : await openWithSharp({ bytes, where, maxPixels, warnings: [], faults: "refused" });
  } catch (cause) {
    throw pictureError(where, maxPixels, cause);
  }
}

/** A file that no decoder here reads, as its first bytes name it, and a way to a picture that one reads. */
function notRead(kind: PictureKind | undefined, bytes: Uint8Array): { got: string; note?: string } {
  if (kind !== undefined) {
    return {
      got: `a file of the kind ${PICTURE_KINDS[kind].name}`,
      note: "save it as JPEG or PNG first",
    };
  }
  const isVideo =
    bytesAt(bytes, 4, "ftyp") ||
    bytesAt(bytes, 0, "\x1a\x45\xdf\xa3") ||
    (bytesAt(bytes, 0, "RIFF") && bytesAt(bytes, 8, "AVI "));
  if (isVideo) return { got: "a video", note: "save its frames as pictures first" };
  if (bytesAt(bytes, 0, "%PDF-")) return { got: "a PDF", note: "save its pages as pictures first" };
  return { got: "another kind of file" };
}

type Unmeasured = Omit<EncodedPicture, "width" | "height" | "orientation">;

async function openJpeg(bytes: Uint8Array, where: string, maxPixels: number): Promise<Picture> {
  const structure = jpegStructure(bytes);
  if (!structure) return await openWithSharp({ bytes, where, maxPixels, warnings: [], faults: "refused" });
  const { scans, blockVisits } = structure;
  if (scans > MAX_SCANS || blockVisits > MAX_BLOCK_VISITS) {
    throw new FaceError("BAD_IMAGE", {
      where,
      expected: `a JPEG of at most ${MAX_SCANS} scans over ${MAX_BLOCK_VISITS} blocks together`,
      got: `${scans} scans over ${blockVisits}`,
    });
  }
  const warnings = jpegWarnings(structure, where);
  return await openWithSharp({
    bytes: structure.ended ? bytes : Buffer.concat([bytes, Buffer.of(0xff, 0xd9)]),
    where,
    maxPixels,
    warnings,
    faults: structure.progressive ? "less-sharp" : "rows-lost",
  });
}

/** Warnings about parts that a JPEG lacks though its pixels are there. Throws FaceError BAD_IMAGE when they are not. */
function jpegWarnings(
  { progressive, ended, complete, endsRefining }: JpegStructure,
  where: string,
): string[] {
  if (progressive && !ended && !(complete && endsRefining)) {
    throw new FaceError("BAD_IMAGE", {
      where,
      expected: "a whole picture",
      got: "a progressive JPEG that ends before its last scan",
    });
  }
  const warnings: string[] = [];
  if (!ended) warnings.push("its end marker is missing: it may have been cut off");
  if (!complete)
    warnings.push("its scans do not bring all there is to see: it is less sharp than it could be");
  return warnings;
}

async function openWithSharp(picture: Unmeasured): Promise<Picture> {
  const { bytes, where, maxPixels } = picture;
  const found = await sharp(bytes, { limitInputPixels: maxPixels, failOn: "none" }).metadata();
  const { width, height } = found;
  if (width * height > maxPixels) throw new Error("Input image exceeds pixel limit");
  if (found.channels > MAX_CHANNELS) {
    throw new FaceError("BAD_IMAGE", {
      where,
      expected: `at most ${MAX_CHANNELS} channels`,
      got: found.channels,
    });
  }
  if (!["uchar", "ushort"].includes(found.depth))
    return new Picture(new HeldPixels(await floatPixels(bytes, found, where, maxPixels)));
  return new Picture(new SharpPixels({ ...picture, width, height, orientation: orientationOf(found) }));
}

/** EXIF's orientation; 1 for one that does not exist, as decoders take it. */
function orientationOf({ orientation = 1 }: Metadata): Orientation {
  return orientation >= 1 && orientation <= 8 ? (orientation as Orientation) : 1;
}
