import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { bytesSource } from "../byte-source.ts";
import { readZip, writeZip, ZipEntries } from "./index.ts";

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

  test("headers say which version reads them, that names are UTF-8, and the first day that zip knows", () => {
    const local = { version: 4, flags: 6, date: 12 };
    const listed = { version: 6, flags: 8, date: 14 };
    for (const [start, at] of [
      [0, local],
      [DIRECTORY, listed],
    ] as const) {
      expect(ARCHIVE.readUInt16LE(start + at.version)).toBe(20);
      expect(ARCHIVE.readUInt16LE(start + at.flags)).toBe(1 << 11);
      expect(ARCHIVE.readUInt16LE(start + at.date)).toBe((1 << 5) | 1);
    }
  });

  test("65,535 files and more are counted in the 64-bit end record, in one volume", () => {
    const many = Array.from({ length: 65_535 }, (_, i) => ({ name: `${i}`, bytes: () => Uint8Array.of(i) }));
    const bytes = Buffer.concat([...writeZip(many, 1)]);
    const entries = readZip(bytesSource(bytes));
    expect(entries.size).toBe(65_535);
    expect(bytes[entries.get("65000")!.offset]).toBe(65_000 & 255);
    const [short, locator] = [bytes.length - 22, bytes.length - 22 - 20];
    expect(bytes.readUInt16LE(short + 10)).toBe(0xffff);
    expect(bytes.readUInt32LE(locator)).toBe(0x07064b50);
    expect(bytes.readUInt32LE(locator + 16)).toBe(1);
    expect(bytes.readBigUInt64LE(locator - 56 + 32)).toBe(65_535n);
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
      "an entry packed in another way than by deflate",
      /to be stored or deflated, got compression method 14/,
      (b, at) => b.writeUInt16LE(14, at + 10),
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

  test("refuses an entry that runs into the directory by one byte, and one that begins in it", () => {
    const [, , entry = 0] = directoryEntries();
    const longer = Buffer.from(ARCHIVE);
    for (const field of [20, 24]) longer.writeUInt32LE(1_001, entry + field);
    // The directory begins where the last entry ends, to the byte.
    expect(readZip(bytesSource(ARCHIVE)).get("../outside")!.offset + 1_000).toBe(DIRECTORY);
    expect(() => readZip(bytesSource(longer))).toThrow(
      expect.objectContaining({
        code: "BAD_FILE",
        message: expect.stringContaining('expected "../outside" to end before the directory, got 1001 bytes'),
      }),
    );
    const within = Buffer.from(ARCHIVE);
    within.writeUInt32LE(DIRECTORY - 29, entry + 42);
    expect(() => readZip(bytesSource(within))).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('expected "../outside" to lie before the directory'),
      }),
    );
  });

  test("refuses two entries of one name", () => {
    const twice = [PARTS[0]!, PARTS[0]!];
    expect(() => readZip(bytesSource(Buffer.concat([...writeZip(twice)])))).toThrow(/every name once/);
  });
});

describe("ZipEntries", () => {
  const packed = deflateRawSync(new Uint8Array(5_000));
  /** An archive in memory that is nothing but deflated bytes. */
  const entry = (size: number, bytes: Uint8Array = packed) => {
    const entries = new ZipEntries(bytesSource(bytes, "f"));
    return entries.stretch({ name: "data/0", offset: 0, size, packed: bytes.length });
  };

  test("unpacks a deflated entry when it is read", () => {
    const { source, offset, bytes } = entry(5_000);
    expect([offset, bytes, source.read(4_990, 10).length]).toEqual([0, 5_000, 10]);
  });

  test.each<[string, RegExp, number, Uint8Array]>([
    ["more than deflate can reach", /to unpack to at most \d+ of "data\/0"/, 1e9, packed],
    ["more bytes than the directory says", /expected 4999 deflated bytes of/, 4_999, packed],
    ["fewer bytes than the directory says", /expected 5001 bytes of .* got 5000/, 5_001, packed],
    ["bytes that are not deflated", /deflated bytes of/, 40, Buffer.alloc(40, 0xff)],
    ["bytes that end too soon", /deflated bytes of/, 5_000, packed.subarray(0, packed.length - 4)],
  ])("refuses %s", (_what, message, size, bytes) => {
    expect(() => entry(size, bytes).source.read(0, 1)).toThrow(message);
    expect(() => entry(size, bytes).source.read(0, 1)).toThrow(/^f: zip: at offset 0: expected .+, got .+/);
  });
});

/** Start of each entry of the directory. */
function directoryEntries(): number[] {
  const starts: number[] = [];
  for (let at = DIRECTORY; at >= 0; at = ARCHIVE.indexOf(Buffer.from("PK\x01\x02", "latin1"), at + 1))
    starts.push(at);
  return starts;
}
