import type { Distribution } from "../../autodiff/index.ts";

/**
 * Numbers of a random input, from what names them alone: the seed, the number of the run and the input. So that a run
 * resumed draws what the run uninterrupted would have drawn, without any generator's state being kept.
 */
export function draw(
  distribution: Distribution,
  into: Float32Array,
  seed: number,
  run: number,
  input: number,
): void {
  const key = mix(mix(mix(seed ^ 0x9e3779b9) + run) + Math.imul(input, 0x85ebca6b));
  // 24 bits, so that a float32 below 1 stays below 1.
  const uniform = (i: number): number => (mix(key ^ mix(i)) >>> 8) / 2 ** 24;
  const { length } = into;
  switch (distribution.kind) {
    case "bernoulli":
      for (let i = 0; i < length; i++) into[i] = uniform(i) < distribution.probability ? 1 : 0;
      return;
    case "uniform": {
      const { low, high } = distribution;
      for (let i = 0; i < length; i++) into[i] = low + (high - low) * uniform(i);
      return;
    }
    case "normal": {
      const { mean, std } = distribution;
      // Box and Muller's transform; each number from a pair of its own.
      for (let i = 0; i < length; i++) {
        const radius = Math.sqrt(-2 * Math.log(1 - uniform(2 * i)));
        into[i] = mean + std * radius * Math.cos(2 * Math.PI * uniform(2 * i + 1));
      }
    }
  }
}

/**
 * A 32-bit hash that changes half its bits when any bit of x changes.
 *
 * Source    "lowbias32", C. Wellons, Prospecting for hash functions, 2018 (public domain)
 */
function mix(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0xd35a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}
