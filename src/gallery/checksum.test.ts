import { expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import {
  checksumOf,
  checksumOfBytes,
  checksumOfOwner,
  checksumOfValues,
  checksumOfVector,
} from "./checksum.ts";

const hex = (text: string, seed = 0): string => checksumOf(Buffer.from(text), seed).toString(16);

test("checksums are XXH32's", () => {
  expect(hex("")).toBe("2cc5d05");
  expect(hex("a")).toBe("550d7456");
  expect(hex("abc")).toBe("32d153ff");
  expect(hex("Nobody inspects the spammish repetition")).toBe("e2293b2f");
  expect(hex("", 1)).toBe("b2cb792");
});

test("checksums of rows are those that galleries on disks hold", () => {
  expect(checksumOfOwner(7, 3, 1)).toBe(3_923_843_728);
  expect(checksumOfOwner(2 ** 33 + 5, 2 ** 34 + 9, 0)).toBe(2_877_079_867);
  expect(checksumOfValues([1, "Ann", null])).toBe(3_239_054_300);
  expect(checksumOfBytes(5, Uint8Array.of(1, 2, 3, 4, 5))).toBe(3_097_704_153);
  expect(checksumOfVector(5, Float32Array.of(0.6, 0.8))).toBe(928_893_655);
});

test("wherever the bytes lie in memory their checksum is the same", () => {
  const random = seeded(1);
  for (const length of [0, 1, 3, 15, 16, 17, 31, 64, 257]) {
    const bytes = Uint8Array.from({ length: length + 4 }, () => random.below(256));
    const whole = checksumOf(bytes.slice(1, 1 + length));
    expect(checksumOf(bytes.subarray(1, 1 + length))).toBe(whole);
  }
});

test("any flipped bit, exchanged words, another id and a missing end change a checksum", () => {
  const random = seeded(2);
  const bytes = Uint8Array.from({ length: 259 }, () => random.below(256));
  const before = checksumOfBytes(7, bytes);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    expect(checksumOfBytes(7, bytes)).not.toBe(before);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
  expect(checksumOfBytes(8, bytes)).not.toBe(before);
  expect(checksumOfBytes(7, bytes.subarray(0, 258))).not.toBe(before);
  const words = new Uint32Array(bytes.slice(0, 256).buffer);
  const ordered = checksumOf(new Uint8Array(words.buffer));
  [words[0], words[4]] = [words[4]!, words[0]!];
  expect(checksumOf(new Uint8Array(words.buffer))).not.toBe(ordered);
});

test("owners and values have checksums that tell each part", () => {
  const owners = [
    [1, 2, 0],
    [1, 2, 1],
    [2, 1, 1],
    [1 + 2 ** 32, 2, 0],
    [1, 2 + 2 ** 32, 0],
  ].map(([id, person, present]) => checksumOfOwner(id!, person!, present!));
  expect(new Set(owners).size).toBe(5);
  const rows = [
    [1, "a", null],
    [1, "a", ""],
    ["1", "a", null],
    [1, null, "a"],
  ].map(checksumOfValues);
  expect(new Set(rows).size).toBe(4);
});
