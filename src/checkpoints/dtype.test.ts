import { describe, expect, test } from "vitest";
import { toFloat32 } from "./dtype.ts";

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
