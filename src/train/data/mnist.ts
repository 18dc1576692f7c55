import { readFile } from "node:fs/promises";
import { FaceError, type WorkOptions } from "../../core/index.ts";
import type { ModelStore } from "../../models/index.ts";

/** Side of a digit's picture, in pixels. */
export const DIGIT_SIDE = 28;

/** Handwritten digits with what they show. */
export interface Digits {
  readonly count: number;
  /** Shapes [count, 28, 28]; 0 paper … 255 ink. */
  readonly images: Uint8Array;
  /** Shapes [count]; 0…9. */
  readonly labels: Uint8Array;
}

/** The two halves of MNIST: 60,000 digits to learn from, 10,000 of other writers to be tested on. */
export interface Mnist {
  readonly train: Digits;
  readonly test: Digits;
}

/** First four bytes of an IDX file: unsigned bytes along 3 axes, or along 1. */
const IMAGES_MAGIC = 0x00000803;
const LABELS_MAGIC = 0x00000801;

/**
 * MNIST from the model store, downloaded the first time.
 *
 * Throws    FaceError NETWORK, MODEL_DAMAGED, STORAGE, ABORTED
 */
export async function loadMnist(store: ModelStore, options: WorkOptions = {}): Promise<Mnist> {
  const files = await store.pull("mnist", options);
  const half = async (stem: string): Promise<Digits> =>
    await readDigits(files.get(`${stem}-images-idx3-ubyte`)!, files.get(`${stem}-labels-idx1-ubyte`)!);
  return { train: await half("train"), test: await half("t10k") };
}

/**
 * Digits from a pair of IDX files.
 *
 * Throws    FaceError BAD_FILE when a file cannot be read, is not what it should be, or the two do not belong together
 * Source    the IDX format: big-endian magic number, one length per axis, then the bytes
 */
export async function readDigits(imagesPath: string, labelsPath: string): Promise<Digits> {
  const images = decodeIdx(await bytesOf(imagesPath), imagesPath, IMAGES_MAGIC, [DIGIT_SIDE, DIGIT_SIDE]);
  const labels = decodeIdx(await bytesOf(labelsPath), labelsPath, LABELS_MAGIC, []);
  if (images.count !== labels.count) {
    throw new FaceError("BAD_FILE", {
      where: labelsPath,
      expected: `${images.count} labels, one per picture`,
      got: labels.count,
    });
  }
  const wrong = labels.values.findIndex((label) => label > 9);
  if (wrong >= 0) {
    throw new FaceError("BAD_FILE", {
      where: labelsPath,
      expected: "digits 0 to 9",
      got: `${labels.values[wrong]} at ${wrong}`,
    });
  }
  return { count: images.count, images: images.values, labels: labels.values };
}

/** The digits at `indices`, copied. */
export function selectDigits({ images, labels }: Digits, indices: readonly number[]): Digits {
  const size = DIGIT_SIDE * DIGIT_SIDE;
  const some = new Uint8Array(indices.length * size);
  indices.forEach((from, to) => {
    some.set(images.subarray(from * size, (from + 1) * size), to * size);
  });
  return { count: indices.length, images: some, labels: Uint8Array.from(indices, (index) => labels[index]!) };
}

/** Entries of an IDX file whose magic number and inner axes are known. The values are a view into `bytes`. */
function decodeIdx(
  bytes: Uint8Array,
  where: string,
  magic: number,
  inner: readonly number[],
): { count: number; values: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = 4 * (2 + inner.length);
  if (bytes.length < header)
    throw new FaceError("BAD_FILE", {
      where,
      expected: `an IDX header of ${header} bytes`,
      got: bytes.length,
    });
  const found = view.getUint32(0);
  if (found !== magic)
    throw new FaceError("BAD_FILE", {
      where,
      expected: `the IDX magic number ${hex(magic)}`,
      got: hex(found),
    });
  const axes = inner.map((_, axis) => view.getUint32(8 + 4 * axis));
  if (axes.join() !== inner.join())
    throw new FaceError("BAD_FILE", {
      where,
      expected: `pictures of ${inner.join("×")}`,
      got: axes.join("×"),
    });
  const count = view.getUint32(4);
  const size = inner.reduce((product, axis) => product * axis, 1);
  if (bytes.length - header !== count * size) {
    throw new FaceError("BAD_FILE", {
      where,
      expected: `${count * size} bytes after the header`,
      got: bytes.length - header,
    });
  }
  return { count, values: bytes.subarray(header) };
}

async function bytesOf(path: string): Promise<Uint8Array> {
  return await readFile(path).catch((cause: unknown) => {
    throw new FaceError("BAD_FILE", { where: path, expected: "a readable file", cause });
  });
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;
