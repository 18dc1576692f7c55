import { describe, expect, test } from "vitest";
import { bytesSource } from "./byte-source.ts";
import { memoryTensor, storedTensor } from "./named-tensor.ts";

const SOURCE = bytesSource(new Uint8Array(Float32Array.from({ length: 12 }, (_, i) => i).buffer), "f");
const WHOLE = { storageOffset: 0, storageLength: 12, start: 0 };

const values = (shape: number[], layout: Partial<typeof WHOLE> & { strides?: number[] }): number[] => [
  ...storedTensor(SOURCE, "t", "float32", shape, { ...WHOLE, ...layout }).floats(),
];

describe("storedTensor", () => {
  test("lays a shape over a storage row by row", () => {
    expect(values([2, 3], { start: 4 })).toEqual([4, 5, 6, 7, 8, 9]);
    expect(values([], { start: 11 })).toEqual([11]);
    expect(values([3, 0, 2], { start: 12 })).toEqual([]);
  });

  test("follows strides: a transposed matrix, every second column, a row repeated", () => {
    expect(values([3, 4], { strides: [1, 3] })).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
    expect(values([2, 2], { strides: [6, 2] })).toEqual([0, 2, 6, 8]);
    expect(values([3, 2], { strides: [0, 1], start: 5 })).toEqual([5, 6, 5, 6, 5, 6]);
  });

  test("an axis of one element may have any stride", () => {
    expect(values([1, 2], { strides: [999, 1] })).toEqual([0, 1]);
  });

  test.each<[string, number[], Partial<typeof WHOLE> & { strides?: number[] }]>([
    ["that begins behind the storage", [1], { start: 12 }],
    ["that ends behind the storage", [2, 3], { start: 7 }],
    ["whose strides lead out of the storage", [3, 4], { strides: [5, 1] }],
    ["with fewer strides than axes", [2, 3], { strides: [1] }],
    ["with a stride below zero", [2], { strides: [-1] }],
    ["of more elements than the file has bytes", [1_000_000_000], { strides: [0] }],
    ["of a size below zero", [-1], {}],
    ["of a size that is no whole number", [1.5], {}],
  ])("refuses a tensor %s", (_what, shape, layout) => {
    expect(() => values(shape, layout)).toThrow(/^f: at offset 0: expected tensor "t" .+, got .+/);
  });

  test("data belongs to whoever asked", () => {
    const tensor = storedTensor(SOURCE, "t", "float32", [2], WHOLE);
    tensor.floats().fill(99);
    expect([...tensor.floats()]).toEqual([0, 1]);
  });
});

describe("memoryTensor", () => {
  test("refuses bytes that are not the shape's", () => {
    expect(() => memoryTensor("t", "float16", [3], new Uint8Array(5))).toThrow(/expected 6 bytes .* got 5/);
  });
});
