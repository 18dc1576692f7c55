import { existsSync } from "node:fs";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { sharedFile } from "../../test/shared-files.ts";
import { readImage } from "./read-image.ts";

const pixels = async (file: Uint8Array): Promise<number[]> => [...(await readImage(file)).data];

describe("portable anymaps", () => {
  test.each<[string, Buffer, number[]]>([
    ["P1", Buffer.from("P1\n# black is 1\n2 2\n1 0\n01\n"), [0, 255, 255, 0]],
    ["P2", Buffer.from("P2 2 2 15\n0 5\n10 15\n"), [0, 85, 170, 255]],
    ["P4", Buffer.from("P4\n2 2\n\x80\x40", "latin1"), [0, 255, 255, 0]],
    ["P5", Buffer.from("P5\n2 2\n255\n\0\x55\xaa\xff", "latin1"), [0, 85, 170, 255]],
    [
      "P5 of 16 bits",
      Buffer.from("P5\n2 2\n65535\n\0\0\x55\x55\xaa\xaa\xff\xff", "latin1"),
      [0, 85, 170, 255],
    ],
  ])("%s is read in grey", async (_, file, wanted) => {
    expect(await pixels(file)).toEqual(wanted.flatMap((value) => [value, value, value]));
  });

  test("P3 and P6 are read in colour", async () => {
    expect(await pixels(Buffer.from("P3 2 1 255 255 0 0 0 0 255"))).toEqual([255, 0, 0, 0, 0, 255]);
    expect(await pixels(Buffer.from("P6 2 1 255 \xff\0\0\0\0\xff", "latin1"))).toEqual([
      255, 0, 0, 0, 0, 255,
    ]);
  });

  test.each([
    ["too few pixels", "P5 4 4 255\n\0\0\0", "3 of at least 16 bytes"],
    ["too few pixels of 16 bits", `P5 4 4 65535\n${"\0".repeat(16)}`, "16 of at least 32 bytes"],
    ["no size", "P5\n#", "the width of a PNM picture"],
    ["a size of 0", "P5 0 4 255\n", "at least 1 pixel"],
    ["a size without end", "P5 99999999999 4 255\n", "the width"],
    ["too many pixels", "P5 100000 100000 255\n", "at most 200000000 pixels, got 10000000000"],
    ["a largest value of 0", "P5 1 1 0\n\0", "a largest value of at least 1"],
    ["letters for pixels", "P1 2 2 1 x 1 1", "pixels 0 and 1"],
  ])("%s is refused in a sentence", async (_, text, reason) => {
    await expect(readImage(Buffer.from(text, "latin1"))).rejects.toMatchObject({
      code: "BAD_IMAGE",
      message: expect.stringContaining(reason),
    });
  });
});

describe("floating-point TIFF", () => {
  const float = (values: number[], width: number): Promise<Buffer> => tiffOfFloats(values, width);

  test("values from 0 to 1 are black to white", async () => {
    expect(await pixels(await float([0, 0.25, 0.5, 1], 2))).toEqual(
      [0, 64, 128, 255].flatMap((v) => [v, v, v]),
    );
  });

  test("other ranges, whose meaning only their maker knows, are refused with the range", async () => {
    await expect(readImage(await float([0, 100, 4000, 7], 2))).rejects.toThrow("got floats from 0 to 4000");
    await expect(readImage(await float([0, Number.NaN, 1, 1], 2))).rejects.toThrow("got NaN");
  });

  const shared = sharedFile("cases/gfloat01.tif");
  test.skipIf(!shared)("the case's grey float picture is not black (skipped without ../shared)", async () => {
    expect(existsSync(shared!)).toBe(true);
    const image = await readImage(shared!);
    const mean = image.data.reduce((sum, value) => sum + value, 0) / image.data.length;
    expect(mean).toBeGreaterThan(40);
    expect(mean).toBeLessThan(215);
  });
});

/** A grey TIFF of 32-bit floats in one strip. */
async function tiffOfFloats(values: readonly number[], width: number): Promise<Buffer> {
  const entries: [number, number, number][] = [
    [256, 4, width],
    [257, 4, values.length / width],
    [258, 3, 32],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 8],
    [277, 3, 1],
    [278, 4, values.length / width],
    [279, 4, values.length * 4],
    [339, 3, 3],
  ];
  const file = Buffer.alloc(8 + 4 * values.length + 2 + 12 * entries.length + 4);
  file.write("II*\0", "latin1");
  file.writeUInt32LE(8 + 4 * values.length, 4);
  for (const [i, value] of values.entries()) file.writeFloatLE(value, 8 + 4 * i);
  let at = 8 + 4 * values.length;
  file.writeUInt16LE(entries.length, at);
  at += 2;
  for (const [tag, type, value] of entries) {
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(1, at + 4);
    if (type === 3) file.writeUInt16LE(value, at + 8);
    else file.writeUInt32LE(value, at + 8);
    at += 12;
  }
  return file;
}

describe("unusual pixels", () => {
  const grey = { r: 60, g: 60, b: 60 };
  const half = sharp({ create: { width: 4, height: 4, channels: 4, background: { ...grey, alpha: 0.5 } } });

  test("grey with transparency is laid over white", async () => {
    for (const format of ["png", "webp"] as const) {
      const file = await half.clone().toColourspace("b-w").toFormat(format, { lossless: true }).toBuffer();
      for (const value of await pixels(file)) expect(Math.abs(value - 157)).toBeLessThanOrEqual(2);
    }
  });

  test("a palette gives its colours", async () => {
    const file = await sharp(Buffer.from([255, 0, 0, 0, 0, 255]), {
      raw: { width: 2, height: 1, channels: 3 },
    })
      .png({ palette: true })
      .toBuffer();
    expect(await pixels(file)).toEqual([255, 0, 0, 0, 0, 255]);
  });

  test("16 bits a channel come down to 8, in PNG and TIFF, grey and RGB", async () => {
    for (const [space, format] of [
      ["rgb16", "png"],
      ["grey16", "png"],
      ["rgb16", "tiff"],
      ["grey16", "tiff"],
    ] as const) {
      const file = await sharp({ create: { width: 2, height: 2, channels: 3, background: grey } })
        .toColourspace(space)
        .toFormat(format, { compression: "none" })
        .toBuffer();
      for (const value of await pixels(file)) expect(Math.abs(value - 60)).toBeLessThanOrEqual(1);
    }
  });

  test("of an animated WebP the first frame is read", async () => {
    const frames = Buffer.concat([Buffer.alloc(300, 10), Buffer.alloc(300, 240)]);
    const file = await sharp(frames, { raw: { width: 10, height: 20, channels: 3, pageHeight: 10 } })
      .webp({ lossless: true })
      .toBuffer();
    const image = await readImage(file);
    expect([image.width, image.height, image.data[0]]).toEqual([10, 10, 10]);
  });
});
