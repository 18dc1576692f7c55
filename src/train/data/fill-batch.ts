import { seeded, seedOf } from "../../core/index.ts";
import { type Augmentation, augment } from "./augment/index.ts";
import type { Pictures } from "./example-set.ts";

/** What a batch is made of. */
export interface BatchPlan {
  readonly step: number;
  /** Pictures of the set. Shapes [batch] */
  readonly indices: Uint32Array;
  readonly seed: number;
  readonly augmentation: Augmentation;
}

/** What the draws are for, so that other draws with the seed are others. */
const AUGMENT = 5;

/**
 * Writes a batch's pictures as a network takes them: one plane a channel, (byte − 127.5) / 127.5.
 *
 * Picture i of a step is varied by a generator of its own: neither the thread nor the batches before matter.
 *
 * Shapes    images [batch · channels · height · width]
 */
export async function fillBatch(pictures: Pictures, plan: BatchPlan, images: Float32Array): Promise<void> {
  const [channels, height, width] = pictures.shape;
  const plane = height * width;
  for (const [i, index] of plan.indices.entries()) {
    const data = await pictures.pixels(index);
    const random = seeded(seedOf(plan.seed, AUGMENT, plan.step, i));
    const varied = augment({ width, height, channels, data }, plan.augmentation, random);
    writePlanes(varied.data, channels, plane, images, i * channels * plane);
  }
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
