import { seeded, seedOf } from "../../core/index.ts";
import { DIGIT_SIDE, type Digits, shuffledSampler } from "../../train/data/index.ts";

/** The inputs of a step of training. */
export interface DigitBatch {
  /** Shapes [batch, 1, 28, 28]; −1 paper … 1 ink. */
  readonly images: Float32Array<ArrayBuffer>;
  /** Shapes [batch]; 0…9. */
  readonly labels: Int32Array;
}

/** Pixels by which a digit may be moved each way. */
const SHIFT_PX = 2;
/** The purpose of the draws, so that other draws with the seed are others. */
const SHIFTS = 21;
const PIXELS = DIGIT_SIDE * DIGIT_SIDE;

/**
 * Batches in shuffled order, every digit once an epoch, each moved by up to two pixels: a function of the step's
 * number alone. The arrays are filled anew at the next call.
 */
export function digitBatches(digits: Digits, batch: number, seed: number): (step: number) => DigitBatch {
  const sampler = shuffledSampler(digits.count, batch, seed);
  const images = new Float32Array(batch * PIXELS);
  const labels = new Int32Array(batch);
  return (step) => {
    const random = seeded(seedOf(seed, SHIFTS, step));
    const within = 2 * SHIFT_PX + 1;
    for (const [row, index] of sampler(step).entries()) {
      const [dx, dy] = [random.below(within) - SHIFT_PX, random.below(within) - SHIFT_PX];
      writeShifted(
        digits.images.subarray(index * PIXELS, (index + 1) * PIXELS),
        dx,
        dy,
        images,
        row * PIXELS,
      );
      labels[row] = digits.labels[index]!;
    }
    return { images, labels };
  };
}

/** Digits as a network takes them, unmoved. Shapes result [count, 1, 28, 28] */
export function plainImages({ images }: Digits): Float32Array<ArrayBuffer> {
  return Float32Array.from(images, ink);
}

const ink = (byte: number): number => (byte - 127.5) / 127.5;

/** A picture moved right by dx and down by dy; what comes in at the edge is paper. */
function writeShifted(picture: Uint8Array, dx: number, dy: number, to: Float32Array, at: number): void {
  to.fill(-1, at, at + PIXELS);
  for (let y = Math.max(0, dy); y < Math.min(DIGIT_SIDE, DIGIT_SIDE + dy); y++) {
    for (let x = Math.max(0, dx); x < Math.min(DIGIT_SIDE, DIGIT_SIDE + dx); x++) {
      to[at + y * DIGIT_SIDE + x] = ink(picture[(y - dy) * DIGIT_SIDE + x - dx]!);
    }
  }
}
