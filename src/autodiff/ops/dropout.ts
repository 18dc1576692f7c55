import type { Value } from "../value.ts";
import { multiply } from "./multiply.ts";

/**
 * Values dropped by chance, the others enlarged so that the mean stays.
 *
 * @param name of the random input that decides; the same name, seed and run drop the same values
 * @param rate chance that a value is dropped, 0 up to but not 1
 */
export function dropout(x: Value, rate: number, name: string): Value {
  if (rate === 0) return x;
  const kept = x.tape.random(name, x.shape, { kind: "bernoulli", probability: 1 - rate });
  return multiply(x, multiply(kept, 1 / (1 - rate)));
}
