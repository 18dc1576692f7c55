/** A seeded source of numbers; the only randomness in the library. */
export interface Random {
  /** A number in [0, 1) with 32 random bits. */
  next(): number;
  /** A whole number in 0…n−1. */
  below(n: number): number;
  /** A new array with the same items in another order. */
  shuffle<T>(items: readonly T[]): T[];
}

/**
 * A generator that gives the same sequence for the same seed on every machine.
 *
 * Source    mulberry32, T. Ettinger, public domain
 */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  const shuffle = <T>(items: readonly T[]): T[] => {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = below(i + 1);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  };
  return { next, below, shuffle };
}

/**
 * A seed of its own for every place: the same parts give the same seed, parts that differ anywhere another one.
 *
 * With it a number can be drawn "for step 1,200, picture 7" without drawing all that came before, so that work can be
 * divided among any number of threads, and resumed anywhere.
 *
 * Ranges    parts are whole numbers, taken modulo 2³²; result 0…2³²−1
 * Source    the mixing of MurmurHash3 (A. Appleby, public domain), a word a part
 */
export function seedOf(...parts: readonly number[]): number {
  let hash = parts.length;
  for (const part of parts) {
    let word = Math.imul(part >>> 0, 0xcc9e2d51);
    word = (word << 15) | (word >>> 17);
    hash ^= Math.imul(word, 0x1b873593);
    hash = ((hash << 13) | (hash >>> 19)) >>> 0;
    hash = (Math.imul(hash, 5) + 0xe6546b64) >>> 0;
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
