import type { Random } from "../core/index.ts";

/** The distribution from which a parameter's first values are drawn. */
export type Init =
  | { readonly kind: "constant"; readonly value: number }
  /** Evenly in −bound…bound. */
  | { readonly kind: "uniform"; readonly bound: number }
  /** Around 0. */
  | { readonly kind: "normal"; readonly std: number };

export const constant = (value: number): Init => ({ kind: "constant", value });
export const normal = (std: number): Init => ({ kind: "normal", std });

/**
 * PyTorch's default for the weight and the bias of convolutions and linear layers.
 *
 * Formula   uniform in ±1/√fanIn, which is what Kaiming's rule for a leaky slope of √5 comes down to
 */
export const defaultInit = (fanIn: number): Init => ({ kind: "uniform", bound: 1 / Math.sqrt(fanIn) });

/**
 * Kaiming's rule for layers followed by a ReLU, keeping the size of gradients.
 *
 * Formula   normal with standard deviation √(2/fanOut)
 * Source    He et al., arXiv:1502.01852
 */
export const kaimingNormal = (fanOut: number): Init => normal(Math.sqrt(2 / fanOut));

/** `length` values drawn from `random`. The same seed gives the same values. */
export function drawInit(init: Init, length: number, random: Random): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length);
  if (init.kind === "constant") return values.fill(init.value);
  if (init.kind === "uniform") return values.map(() => (2 * random.next() - 1) * init.bound);
  // Box and Muller's transform gives two independent numbers at a time.
  for (let i = 0; i < length; i += 2) {
    const radius = init.std * Math.sqrt(-2 * Math.log(1 - random.next()));
    const angle = 2 * Math.PI * random.next();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < length) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}
