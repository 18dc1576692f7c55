import { expect, test } from "vitest";
import { bytesAt } from "./bytes-at.ts";

test("all 256 bytes are told apart, also those from 0x80 to 0x9f that windows-1252 moves", () => {
  const all = Uint8Array.from({ length: 256 }, (_, value) => value);
  for (let value = 0; value < 256; value++) {
    const places = [...all.keys()].filter((at) => bytesAt(all, at, String.fromCharCode(value)));
    expect(places).toEqual([value]);
  }
});

test("bytes are looked for at their place only, and never beyond the end", () => {
  const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
  expect(bytesAt(bytes, 0, "\x89PNG")).toBe(true);
  expect(bytesAt(bytes, 1, "PNG")).toBe(true);
  expect(bytesAt(bytes, 0, "PNG")).toBe(false);
  expect(bytesAt(bytes, 1, "PNG\r")).toBe(false);
});
