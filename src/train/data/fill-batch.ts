import { FaceError, seeded, seedOf } from "../../core/index.ts";
import { type Augmentation, augment } from "./augment/index.ts";
import { isOfOnePicture } from "./decode-picture.ts";
import type { Pictures } from "./example-set.ts";

/** The ingredients of a batch. */
export interface BatchPlan {
  readonly step: number;
  /** Pictures of the set. Shapes [batch] */
  readonly indices: Uint32Array;
  readonly seed: number;
  readonly augmentation: Augmentation;
}

/** The purpose of the draws, so that other draws with the seed are others. */
const AUGMENT = 5;

/** A picture that could not be read, and the other one of its batch that took its place. */
export interface Replaced {
  /** Its place in the batch, and that of the other. */
  readonly slot: number;
  readonly by: number;
  /** Its number in the set. */
  readonly index: number;
  readonly message: string;
}

/**
 * Writes a batch's pictures as a network takes them: one plane a channel, (byte − 127.5) / 127.5.
 *
 * Picture i of a step is varied by a generator of its own: neither the thread nor the batches before matter.
 *
 * A picture that cannot be read does not end a run of days: the next readable one of the batch takes its place, which
 * is again a function of the step alone.
 *
 * Shapes    images [batch · channels · height · width]
 * Returns   what was replaced; indices are those of the pictures that were meant
 * Throws    FaceError BAD_FILE, BAD_IMAGE when no picture of the batch can be read
 */
export async function fillBatch(
  pictures: Pictures,
  plan: BatchPlan,
  images: Float32Array,
): Promise<Replaced[]> {
  const [channels, height, width] = pictures.shape;
  const plane = height * width;
  const read: (Uint8Array | FaceError)[] = [];
  for (const index of plan.indices) read.push(await pixelsOrError(pictures, index));
  const replaced: Replaced[] = [];
  for (const [i, own] of read.entries()) {
    const by = own instanceof FaceError ? nextReadable(read, i) : i;
    if (own instanceof FaceError) {
      replaced.push({ slot: i, by, index: plan.indices[i]!, message: own.message });
    }
    const data = read[by] as Uint8Array;
    const random = seeded(seedOf(plan.seed, AUGMENT, plan.step, i));
    const varied = augment({ width, height, channels, data }, plan.augmentation, random);
    writePlanes(varied.data, channels, plane, images, i * channels * plane);
  }
  return replaced;
}

async function pixelsOrError(pictures: Pictures, index: number): Promise<Uint8Array | FaceError> {
  try {
    return await pictures.pixels(index);
  } catch (thrown) {
    if (thrown instanceof FaceError && isOfOnePicture(thrown)) return thrown;
    throw thrown;
  }
}

/** The place after one, around the end, whose picture could be read. Throws the picture's own error without one. */
function nextReadable(read: readonly (Uint8Array | FaceError)[], slot: number): number {
  for (let step = 1; step < read.length; step++) {
    const place = (slot + step) % read.length;
    if (!(read[place] instanceof FaceError)) return place;
  }
  throw read[slot];
}

/** Bytes with their channels side by side as planes of numbers in [−1, 1], from `at` on. */
export function writePlanes(
  bytes: Uint8Array,
  channels: number,
  plane: number,
  images: Float32Array,
  at: number,
): void {
  for (let c = 0; c < channels; c++) {
    let to = at + c * plane;
    for (let from = c; from < bytes.length; from += channels) images[to++] = (bytes[from]! - 127.5) / 127.5;
  }
}
