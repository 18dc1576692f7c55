import { expect, test } from "vitest";
import type { Distribution } from "../../autodiff/index.ts";
import { draw } from "./draw.ts";

const drawn = (distribution: Distribution, seed = 1, run = 0, input = 0): Float32Array => {
  const into = new Float32Array(20_000).fill(Number.NaN);
  draw(distribution, into, seed, run, input);
  return into;
};
const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

test("numbers have the distribution that is asked for", () => {
  const uniform = drawn({ kind: "uniform", low: 2, high: 4 });
  expect(uniform.every((x) => x >= 2 && x < 4)).toBe(true);
  expect(mean(uniform)).toBeCloseTo(3, 1);
  const normal = drawn({ kind: "normal", mean: 5, std: 2 });
  expect(mean(normal)).toBeCloseTo(5, 1);
  expect(Math.sqrt(mean(normal.map((x) => (x - 5) ** 2)))).toBeCloseTo(2, 1);
  const kept = drawn({ kind: "bernoulli", probability: 0.25 });
  expect(new Set(kept)).toEqual(new Set([0, 1]));
  expect(mean(kept)).toBeCloseTo(0.25, 1);
});

test("seed, run and input each make other numbers, and the same ones again", () => {
  const uniform = { kind: "uniform", low: 0, high: 1 } as const;
  const first = drawn(uniform);
  expect(drawn(uniform)).toEqual(first);
  for (const other of [drawn(uniform, 2), drawn(uniform, 1, 1), drawn(uniform, 1, 0, 1)]) {
    const both = mean(other.map((x, i) => (x - 0.5) * (first[i]! - 0.5)));
    expect(Math.abs(both)).toBeLessThan(0.005);
  }
});
