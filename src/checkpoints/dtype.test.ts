import { describe, expect, test } from "vitest";
import { toFloat16, toFloat32 } from "./dtype.ts";

describe("toFloat16", () => {
  test("every half survives the way to float32 and back", () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const values = toFloat32(new Uint8Array(halves.buffer), "float16");
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
    expect(toFloat32(new Uint8Array(half.buffer), "float16")[0]).toBe(expected);
  });
});

describe("toFloat32", () => {
  test("a bfloat16 is the upper half of a float32", () => {
    expect([...toFloat32(Uint8Array.of(0x80, 0x3f, 0x40, 0xc0), "bfloat16")]).toEqual([1, -3]);
  });

  test("whole numbers come out as they are", () => {
    expect([...toFloat32(new Uint8Array(BigInt64Array.of(-5n, 7n).buffer), "int64")]).toEqual([-5, 7]);
    expect([...toFloat32(Uint8Array.of(0, 1, 200), "int8")]).toEqual([0, 1, -56]);
    expect([...toFloat32(Uint8Array.of(0, 1, 200), "bool")]).toEqual([0, 1, 1]);
  });
});
