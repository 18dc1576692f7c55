import { describe, expect, test } from "vitest";
import { fromFloat16, toFloat16 } from "./half.ts";

describe("toFloat16", () => {
  test("every half survives the way to float32 and back", () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const values = fromFloat16(halves);
    const again = toFloat16(values);
    for (let i = 0; i < halves.length; i++) {
      if (Number.isNaN(values[i]!)) expect(again[i]! & 0x7e00).toBe(0x7e00);
      else if (again[i] !== i) expect.fail(`half ${i} became ${again[i]}`);
    }
  });

  test.each([
    ["ties go to even, down", 1 + 2 ** -11, 1],
    ["ties go to even, up", 1 + 3 * 2 ** -11, 1 + 2 ** -9],
    ["just above a tie goes up", Math.fround(1 + 2 ** -11 + 2 ** -20), 1 + 2 ** -10],
    ["the largest half stays", 65_504, 65_504],
    ["what would round above the largest half is infinite", 65_520, Infinity],
    ["half of the smallest half is zero", 2 ** -25, 0],
    ["a little more than half of it is not", Math.fround(2 ** -25 + 2 ** -40), 2 ** -24],
    ["the sign stays", -0.1, -0.0999755859375],
  ])("%s", (_what, value, expected) => {
    const half = toFloat16(Float32Array.of(value));
    expect(fromFloat16(half)[0]).toBe(expected);
  });
});
