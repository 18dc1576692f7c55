import { describe, expect, test } from "vitest";
import { type Dtype, toFloat32 } from "./dtype.ts";

describe("toFloat32", () => {
  test("a bfloat16 is the upper half of a float32", () => {
    expect([...toFloat32(Uint8Array.of(0x80, 0x3f, 0x40, 0xc0), "bfloat16")]).toEqual([1, -3]);
  });

  test.each<[Dtype, Uint8Array<ArrayBuffer>, readonly number[]]>([
    ["float64", new Uint8Array(Float64Array.of(0.5, -3e5).buffer), [0.5, -3e5]],
    ["float32", new Uint8Array(Float32Array.of(0.5, -3e5).buffer), [0.5, -3e5]],
    ["float16", new Uint8Array(Uint16Array.of(0x3c00, 0xc100).buffer), [1, -2.5]],
    ["int32", new Uint8Array(Int32Array.of(-70_000, 3, 5).buffer), [-70_000, 3, 5]],
    ["uint32", new Uint8Array(Uint32Array.of(4_000_000_000, 3, 5).buffer), [4_000_000_000, 3, 5]],
    ["int16", new Uint8Array(Int16Array.of(-300, 3, 5).buffer), [-300, 3, 5]],
    ["uint16", new Uint8Array(Uint16Array.of(65_000, 3, 5).buffer), [65_000, 3, 5]],
    ["uint64", new Uint8Array(BigUint64Array.of(2n ** 63n, 5n).buffer), [2 ** 63, 5]],
    ["uint8", Uint8Array.of(200, 3), [200, 3]],
  ])("%s numbers are read at their size and with their sign", (dtype, bytes, numbers) => {
    expect([...toFloat32(bytes, dtype)]).toEqual(numbers);
  });

  test("whole numbers come out as they are", () => {
    expect([...toFloat32(new Uint8Array(BigInt64Array.of(-5n, 7n).buffer), "int64")]).toEqual([-5, 7]);
    expect([...toFloat32(Uint8Array.of(0, 1, 200), "int8")]).toEqual([0, 1, -56]);
    expect([...toFloat32(Uint8Array.of(0, 1, 200), "bool")]).toEqual([0, 1, 1]);
  });
});
