import fc from "fast-check";
import { expect, test } from "vitest";
import { affinityMemory, rowAffinities, symmetrize } from "./affinities.ts";

function perplexityOf(row: Float64Array): number {
  return Math.exp(-row.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0));
}

test("every row gets the perplexity asked for, whatever the scale of its distances", () => {
  const squares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 30, maxLength: 30 });
  fc.assert(
    fc.property(squares, fc.integer({ min: -12, max: 12 }), (raw, exponent) => {
      const sorted = raw.map((v, n) => (v + 0.01 * n) * 10 ** exponent).sort((a, b) => a - b);
      const row = new Float64Array(30);
      rowAffinities(sorted, 10, row);
      expect(perplexityOf(row)).toBeCloseTo(10, 4);
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    }),
  );
});

test("neighbours at one distance share alike, and a perplexity above their number means all of them", () => {
  const row = new Float64Array(4);
  rowAffinities([2, 2, 2, 2], 2, row);
  expect([...row]).toEqual([0.25, 0.25, 0.25, 0.25]);
  rowAffinities([1, 2, 3, 4], 30, row);
  for (const p of row) expect(p).toBeCloseTo(0.25, 3);
});

test("P is symmetric, sums to one, and holds the mean of both directions", () => {
  // 0 → 1 and 2, 1 → 0 and 2, 2 → 0 and 3, 3 → 2 and 0
  const neighbours = Int32Array.of(1, 2, 0, 2, 0, 3, 2, 0);
  const conditional = Float32Array.of(0.75, 0.25, 0.5, 0.5, 0.25, 0.75, 0.5, 0.5);
  const p = affinityMemory(4, 2);
  symmetrize(4, neighbours, conditional, p);
  const dense = Array.from({ length: 4 }, () => new Array<number>(4).fill(0));
  for (let i = 0; i < 4; i++) {
    for (let e = p.starts[i]!; e < p.starts[i + 1]!; e++) dense[i]![p.columns[e]!]! += p.values[e]!;
  }
  expect(dense).toEqual([
    [0, 1.25 / 8, 0.5 / 8, 0.5 / 8],
    [1.25 / 8, 0, 0.5 / 8, 0],
    [0.5 / 8, 0.5 / 8, 0, 1.25 / 8],
    [0.5 / 8, 0, 1.25 / 8, 0],
  ]);
});
