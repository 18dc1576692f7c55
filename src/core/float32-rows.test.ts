import { expect, test } from "vitest";
import { float32Rows } from "./float32-rows.ts";

test("numbers that float32 holds stay as they are", () => {
  expect([
    ...float32Rows(
      [
        [1, 2],
        [3.5, -4],
      ],
      2,
    ),
  ]).toEqual([1, 2, 3.5, -4]);
  expect([...float32Rows([], 2)]).toEqual([]);
});

test("a large offset of all rows costs no digits of their differences", () => {
  const rows = Array.from({ length: 100 }, (_, i) => [1.7e9 + i / 7, -1.7e9 - i / 3, i / 9]);
  const data = float32Rows(rows, 3);
  for (const [r, row] of rows.entries()) {
    for (let d = 0; d < 3; d++) {
      const difference = data[3 * r + d]! - data[d]!;
      // Doubles near 1.7e9 lie 2.4e-7 apart; float32 near 20 lies 2e-6 apart.
      expect(Math.abs(difference - (row[d]! - rows[0]![d]!))).toBeLessThan(1e-5);
    }
  }
});

test("numbers that float32 cannot hold in one row move all rows by the same", () => {
  const data = float32Rows([Float32Array.of(0.5, 0), [0.1, 1]], 2);
  expect(data[0]! - data[2]!).toBeCloseTo(0.4, 6);
  expect(data[1]! + data[3]!).toBeCloseTo(0, 6);
});
