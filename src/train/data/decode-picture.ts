import { FaceError } from "../../core/index.ts";
import { readImage } from "../../image/index.ts";
import type { PictureShape } from "./example-set.ts";

/** A picture of a training set is small; one that claims more is refused before it is decoded. */
const MAX_PIXELS = 4096 * 4096;

/**
 * A picture file's pixels, which must be of the size that the set has.
 *
 * Shapes    result [height · width · channels], RGB
 * Throws    FaceError BAD_IMAGE, SHAPE for another size
 */
export async function decodePicture(
  bytes: Uint8Array,
  [channels, height, width]: PictureShape,
  where: string,
): Promise<Uint8Array> {
  const image = await readImage(bytes, { maxPixels: MAX_PIXELS, strict: true }).catch((cause: unknown) => {
    if (!(cause instanceof FaceError)) throw cause;
    throw cause.withName(where);
  });
  if (channels !== 3 || image.width !== width || image.height !== height) {
    throw new FaceError("BAD_IMAGE", {
      where,
      expected: `a picture of ${width}×${height}`,
      got: `${image.width}×${image.height}`,
    });
  }
  return image.data;
}

/** Tells whether an error is about one picture, so that the others go on. */
export function isOfOnePicture({ code }: FaceError): boolean {
  return code === "BAD_IMAGE" || code === "BAD_FILE" || code === "SHAPE";
}
