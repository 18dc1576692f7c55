import { describe, expect, test } from "vitest";
import { bytesSource } from "../byte-source.ts";
import { readZip, writeZip } from "./index.ts";

const PARTS = [
  { name: "archive/data.pkl", bytes: () => Uint8Array.of(1, 2, 3) },
  { name: "archive/ä/empty", bytes: () => new Uint8Array(0) },
  { name: "../outside", bytes: () => new Uint8Array(1_000).fill(7) },
];
const ARCHIVE = Buffer.concat([...writeZip(PARTS)]);

/** Offset of the first entry of the directory. */
const DIRECTORY = ARCHIVE.indexOf(Buffer.from("PK\x01\x02", "latin1"));

describe("readZip", () => {
  test("finds what writeZip wrote, each at a multiple of 64 bytes", () => {
    const entries = readZip(bytesSource(ARCHIVE));
    expect([...entries.keys()]).toEqual(PARTS.map((part) => part.name));
    for (const part of PARTS) {
      const { offset, size } = entries.get(part.name)!;
      expect(offset % 64).toBe(0);
      expect(ARCHIVE.subarray(offset, offset + size).equals(part.bytes())).toBe(true);
    }
  });

  test("the same parts give the same bytes", () => {
    expect(Buffer.concat([...writeZip(PARTS)])).toEqual(ARCHIVE);
  });

  test("reads past a comment at the end", () => {
    const comment = Buffer.from("PK\x05\x06 is how the last record begins");
    const bytes = Buffer.concat([ARCHIVE, comment]);
    bytes.writeUInt16LE(comment.length, ARCHIVE.length - 2);
    expect(readZip(bytesSource(bytes)).size).toBe(3);
  });

  test("reads sizes and offsets in their 64-bit form", () => {
    const [, , entry = 0] = directoryEntries();
    const bytes = Buffer.from(ARCHIVE);
    const extra = Buffer.alloc(4 + 24);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    extra.writeBigUInt64LE(1_000n, 4);
    extra.writeBigUInt64LE(1_000n, 12);
    extra.writeBigUInt64LE(BigInt(bytes.readUInt32LE(entry + 42)), 20);
    for (const field of [20, 24, 42]) bytes.writeUInt32LE(0xffffffff, entry + field);
    bytes.writeUInt16LE(extra.length, entry + 30);
    const nameEnd = entry + 46 + bytes.readUInt16LE(entry + 28);
    const end = Buffer.from(bytes.subarray(nameEnd));
    end.writeUInt32LE(end.readUInt32LE(12) + extra.length, 12);
    const wide = Buffer.concat([bytes.subarray(0, nameEnd), extra, end]);
    expect(readZip(bytesSource(wide)).get("../outside")!.size).toBe(1_000);
  });

  test.each<[string, RegExp, (bytes: Buffer, entry: number) => void]>([
    [
      "a compressed entry",
      /to be stored as it is, got compression method 8/,
      (b, at) => b.writeUInt16LE(8, at + 10),
    ],
    ["an encrypted entry", /not to be encrypted/, (b, at) => b.writeUInt16LE(1, at + 8)],
    ["an entry of two sizes", /expected 3 bytes of .* got 9/, (b, at) => b.writeUInt32LE(9, at + 20)],
    ["an entry behind the directory", /to lie before the directory/, (b, at) => b.writeUInt32LE(at, at + 42)],
    ["an entry without its header", /expected the header of/, (b, at) => b.writeUInt32LE(1, at + 42)],
    [
      "64-bit sizes that are nowhere",
      /expected a 64-bit extra field, got none/,
      (b, at) => b.writeUInt32LE(0xffffffff, at + 42),
    ],
    ["a longer directory than the file", /inside the file/, (b) => b.writeUInt32LE(99_999, b.length - 10)],
    ["more entries than fit", /inside the file/, (b) => b.writeUInt16LE(60_000, b.length - 12)],
    ["several volumes", /in one file/, (b) => b.writeUInt16LE(1, b.length - 18)],
  ])("refuses %s and says where", (_what, message, damage) => {
    const bytes = Buffer.from(ARCHIVE);
    damage(bytes, DIRECTORY);
    expect(() => readZip(bytesSource(bytes, "f"))).toThrow(message);
    expect(() => readZip(bytesSource(bytes, "f"))).toThrow(/^f: zip: at offset \d+: expected .+, got .+/);
  });

  test("refuses two entries of one name", () => {
    const twice = [PARTS[0]!, PARTS[0]!];
    expect(() => readZip(bytesSource(Buffer.concat([...writeZip(twice)])))).toThrow(/every name once/);
  });
});

/** Where each entry of the directory begins. */
function directoryEntries(): number[] {
  const starts: number[] = [];
  for (let at = DIRECTORY; at >= 0; at = ARCHIVE.indexOf(Buffer.from("PK\x01\x02", "latin1"), at + 1))
    starts.push(at);
  return starts;
}
