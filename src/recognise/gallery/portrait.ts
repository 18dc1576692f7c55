import { createHash } from "node:crypto";
import type { Box } from "../../core/index.ts";
import { encodeJpeg, type RgbImage } from "../../image/index.ts";
import type { Face } from "../face.ts";
import type { Photograph } from "../face-finder.ts";
import { pixelQuality } from "../face-quality.ts";
import { named, readPictureFile } from "../picture-file.ts";
import type { Recognizer } from "../recognizer.ts";

/** A face with what enrolment looks at and what a gallery keeps. */
export interface Portrait extends Face {
  /** The aligned crop as a JPEG file. */
  readonly crop: Uint8Array;
  /** {@link FaceQuality.sharpness} */
  readonly sharpness: number;
}

/** A photograph with its portraits and what tells it from others. */
export interface PortraitPhotograph extends Photograph<Portrait> {
  /** Of the file's bytes, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Enough that embedding the kept crop again gives a cosine of about 0.999 to the first embedding. */
const CROP_QUALITY = 95;

/** The portraits of a photograph. Throws FaceError BAD_FILE, BAD_IMAGE, CLOSED. */
export async function portraitsOf(recognizer: Recognizer, path: string): Promise<PortraitPhotograph> {
  const { data, file } = await readPictureFile(path);
  try {
    return { ...(await facesOf(recognizer, data)), sha256: file.sha256 };
  } catch (error) {
    throw named(error, path);
  }
}

/** The same of a picture's bytes. @param box the place of the one face that counts. Throws FaceError BAD_FILE, BAD_IMAGE, CLOSED. */
export async function portraitsOfBytes(
  recognizer: Recognizer,
  bytes: Uint8Array,
  box?: Box<"image">,
): Promise<PortraitPhotograph> {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { ...(await facesOf(recognizer, bytes, box)), sha256 };
}

async function facesOf(
  recognizer: Recognizer,
  bytes: Uint8Array,
  box?: Box<"image">,
): Promise<Photograph<Portrait>> {
  const photograph = await recognizer.portraits(bytes, box);
  const faces = await Promise.all(
    photograph.faces.map(async ({ crop, ...face }) => ({
      ...face,
      crop: await encodeJpeg(crop as RgbImage, CROP_QUALITY),
      sharpness: face.quality?.sharpness ?? pixelQuality(crop).sharpness,
    })),
  );
  return { ...photograph, faces };
}
