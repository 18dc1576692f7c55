import { expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { type InSteps, symmetricEigen } from "./symmetric-eigen.ts";

function finish<T>(work: InSteps<T>): T {
  for (let step = work.next(); ; step = work.next()) if (step.done) return step.value;
}

/** F Fᵀ for a random F of so many columns: symmetric, of that rank at most. */
function gram(size: number, rank: number): Float64Array {
  const random = seeded(size + rank);
  const factor = Float64Array.from({ length: size * rank }, () => random.next() - 0.5);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      for (let k = 0; k < rank; k++) matrix[i * size + j]! += factor[i * rank + k]! * factor[j * rank + k]!;
  return matrix;
}

test.each([
  [1, 1],
  [2, 2],
  [3, 1],
  [40, 60],
  [64, 20],
  [50, 0],
])("size %i, rank %i: A v = λ v, vectors at right angles, values falling", (size, rank) => {
  const matrix = gram(size, rank);
  const { values, vectors } = finish(symmetricEigen(matrix.slice(), size, size));
  expect([...values]).toEqual([...values].sort((a, b) => b - a));
  // Far above what float64 rounding does to matrices of this size, far below any eigenvalue that is not 0.
  const tolerance = 1e-12 * (values[0]! + 1);
  for (let i = 0; i < size; i++) {
    const v = vectors.subarray(i * size, (i + 1) * size);
    for (let j = 0; j < size; j++) {
      const w = vectors.subarray(j * size, (j + 1) * size);
      const image = matrix
        .subarray(j * size, (j + 1) * size)
        .reduce((sum, value, k) => sum + value * v[k]!, 0);
      expect(Math.abs(image - values[i]! * v[j]!)).toBeLessThan(tolerance);
      const dot = v.reduce((sum, value, k) => sum + value * w[k]!, 0);
      expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(1e-12);
    }
  }
});

test("numbers far apart, down to those whose squares are 0, stay numbers", () => {
  const size = 40;
  const parts = Float64Array.from({ length: size }, (_, i) => (i === 5 ? 1 : 10 ** (-4 * i)));
  const matrix = Float64Array.from(
    { length: size * size },
    (_, at) => parts[Math.floor(at / size)]! * parts[at % size]!,
  );
  const { values, vectors } = finish(symmetricEigen(matrix, size, size));
  expect(values[0]).toBeCloseTo(
    parts.reduce((sum, part) => sum + part * part, 0),
    12,
  );
  expect([...values.subarray(1)].every((value) => Math.abs(value) < 1e-12)).toBe(true);
  for (let i = 0; i < size; i++)
    expect(
      vectors.subarray(i * size, (i + 1) * size).reduce((sum, value) => sum + value * value, 0),
    ).toBeCloseTo(1, 12);
});

test("the largest come first when only some are wanted", () => {
  const matrix = gram(30, 40);
  const all = finish(symmetricEigen(matrix.slice(), 30, 30));
  const some = finish(symmetricEigen(matrix, 30, 4));
  expect([...some.values]).toEqual([...all.values.subarray(0, 4)]);
  expect([...some.vectors]).toEqual([...all.vectors.subarray(0, 4 * 30)]);
});
