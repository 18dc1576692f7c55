import { createHash } from "node:crypto";
import { elementCount, FaceError } from "../../core/index.ts";
import type { ExampleSet, PictureShape, Pictures } from "./example-set.ts";

/**
 * Pictures that lie in memory, shared by all threads.
 *
 * Shapes    pixels [examples · height · width · channels], labels [examples], classes [classes]
 * Ranges    labels 0…classes−1
 * Throws    FaceError SHAPE when the sizes do not fit, BAD_FILE for a label out of range
 */
export function pixelSet(
  shape: PictureShape,
  pixels: Uint8Array,
  labels: ArrayLike<number>,
  classes: readonly string[],
): ExampleSet {
  const size = elementCount(shape);
  if (pixels.length !== labels.length * size) {
    throw new FaceError("SHAPE", {
      where: "pictures",
      expected: `${labels.length} of ${size} bytes`,
      got: `${pixels.length} bytes`,
    });
  }
  const own = Int32Array.from(labels);
  expectLabels("pictures", labels, classes.length);
  const data = new SharedArrayBuffer(pixels.length);
  new Uint8Array(data).set(pixels);
  const hash = createHash("sha256").update(pixels).update(Buffer.from(own.buffer)).update(classes.join("\n"));
  return {
    source: { kind: "pixels", shape, data },
    labels: own,
    classes,
    fingerprint: hash.digest("hex"),
    ...sharedPictures(shape, data),
  };
}

/** Pictures in shared memory, without labels: a worker's side of {@link pixelSet}. */
export function sharedPictures(shape: PictureShape, data: SharedArrayBuffer): Pictures {
  const size = elementCount(shape);
  const bytes = new Uint8Array(data);
  return {
    shape,
    pixels: async (index) => bytes.subarray(index * size, (index + 1) * size),
    close() {},
  };
}

/** Throws FaceError BAD_FILE naming the first label that is no whole number in 0…classes−1. */
export function expectLabels(where: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new FaceError("BAD_FILE", {
        where: `${where}: example ${i}`,
        expected: `a label from 0 to ${classes - 1}`,
        got: label,
      });
    }
  }
}
