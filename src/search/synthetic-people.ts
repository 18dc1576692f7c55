import { normalize, seeded, type UnitVector } from "../core/index.ts";

/** Options of {@link SyntheticPeople}. */
export interface SyntheticPeopleOptions {
  /** @default 512 */
  readonly dimension?: number;
  readonly seed: number;
}

/** Cosine of two images of one person, on average, as networks of today give on photographs in the wild. */
const WITHIN = 0.6;
/** The unevenness with which a network uses its dimensions: it makes the cosines of strangers spread by 0.052 at 512 dimensions. */
const DECAY = 2.23;

/**
 * Made-up embeddings that are spread as those of faces: two images of one person have a cosine about 0.60, two of
 * strangers one about 0 ± 0.052. For measuring searches; nothing about accuracy can be learnt from them.
 *
 * Any vector can be asked for at any time: the same seed, person and image give the same one.
 */
export class SyntheticPeople {
  readonly dimension: number;
  readonly #seed: number;
  readonly #spread: Float32Array;
  #person = -1;
  #centre = new Float32Array(0);

  constructor({ dimension = 512, seed }: SyntheticPeopleOptions) {
    this.dimension = dimension;
    this.#seed = seed;
    this.#spread = Float32Array.from({ length: dimension }, (_, i) =>
      Math.exp((-DECAY * i) / (2 * dimension)),
    );
  }

  /** An image of a person, both numbered from 0. */
  vector(person: number, image: number): UnitVector {
    if (person !== this.#person) {
      this.#centre = this.#direction(person, 0);
      this.#person = person;
    }
    const vector = this.#direction(person, image + 1);
    const [toCentre, away] = [Math.sqrt(WITHIN), Math.sqrt(1 - WITHIN)];
    for (let i = 0; i < vector.length; i++) vector[i] = toCentre * this.#centre[i]! + away * vector[i]!;
    return normalize(vector);
  }

  #direction(person: number, part: number): Float32Array<ArrayBuffer> {
    const mixed =
      Math.imul(person + 1, 0x9e3779b1) ^ Math.imul(part + 1, 0x85ebca6b) ^ Math.imul(this.#seed, 0xc2b2ae35);
    const random = seeded(Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d));
    const values = new Float32Array(this.dimension);
    let square = 0;
    for (let i = 0; i < values.length; i++) {
      // The sum of four bytes is close enough to normal, for one draw; the half keeps it from 0.
      const bits = random.next() * 2 ** 32;
      const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + ((bits >>> 24) & 255);
      const value = (sum - 509.5) * this.#spread[i]!;
      values[i] = value;
      square += value * value;
    }
    const scale = 1 / Math.sqrt(square);
    for (let i = 0; i < values.length; i++) values[i]! *= scale;
    return values;
  }
}
