import sharp from "sharp";
import { expect, test } from "vitest";
import { jpegStructure } from "./jpeg-structure.ts";
import { openPicture } from "./open-picture.ts";
import { readImage } from "./read-image.ts";

/** A picture with detail everywhere, so that missing rows differ from it. */
function photograph(width: number, height: number) {
  const data = Buffer.alloc(width * height * 3);
  let state = 7;
  for (let i = 0; i < data.length; i++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    data[i] = state >> 18;
  }
  return sharp(data, { raw: { width, height, channels: 3 } }).blur(3);
}

const baseline = await photograph(600, 800).jpeg({ quality: 90 }).toBuffer();
const progressive = await photograph(600, 800).jpeg({ quality: 90, progressive: true }).toBuffer();

/** A progressive grey JPEG of scans that say nothing, of `blocks` blocks each in some bytes. */
function scanBomb(width: number, height: number, scans: number): Buffer {
  const u16 = (value: number) => Buffer.of(value >> 8, value & 255);
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const head = Buffer.concat([
    Buffer.of(0xff, 0xd8, 0xff, 0xdb, 0, 67, 0),
    Buffer.alloc(64, 1),
    Buffer.concat([Buffer.of(0xff, 0xc2, 0, 11, 8), u16(height), u16(width), Buffer.of(1, 1, 0x11, 0)]),
    Buffer.of(0xff, 0xc4, 0, 20, 0, 1, ...new Array<number>(15).fill(0), 0),
    Buffer.of(0xff, 0xc4, 0, 20, 0x10, 1, ...new Array<number>(15).fill(0), 0xe0),
    Buffer.of(0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0),
    Buffer.alloc(Math.ceil(blocks / 8)),
  ]);
  const runs = Math.ceil(blocks / (1 << 14));
  const scan = Buffer.concat([
    Buffer.of(0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0),
    Buffer.alloc(Math.ceil((15 * runs) / 8)),
  ]);
  return Buffer.concat([head, ...new Array<Buffer>(scans).fill(scan), Buffer.of(0xff, 0xd9)]);
}

async function read(file: Uint8Array) {
  const picture = await openPicture(file);
  const image = await picture.whole(4096);
  return { image, warnings: picture.warnings };
}

const differing = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((n, value, i) => n + +(value !== b[i]), 0);

test("whole JPEGs are read without a warning, whatever lies behind their end", async () => {
  for (const file of [baseline, progressive, Buffer.concat([baseline, Buffer.alloc(1000)])])
    expect((await read(file)).warnings).toEqual([]);
});

test("a JPEG that lacks only its last marker is read whole, with a warning", async () => {
  for (const file of [baseline, progressive]) {
    const { image, warnings } = await read(file.subarray(0, -2));
    expect(differing(image.data, (await readImage(file)).data)).toBe(0);
    expect(warnings).toEqual(["its end marker is missing: it may have been cut off"]);
  }
});

test("a JPEG that lacks a few rows is read, and how many are missing is said", async () => {
  const { image, warnings } = await read(baseline.subarray(0, Math.floor(baseline.length * 0.98)));
  const whole = await readImage(baseline);
  const kept = Math.floor(800 * 0.95) * 600 * 3;
  expect(differing(image.data.subarray(0, kept), whole.data.subarray(0, kept))).toBe(0);
  expect(warnings).toHaveLength(2);
  expect(warnings[1]).toMatch(/^it is damaged: up to (1\d|2\d|3\d) of its 800 rows are missing at the end$/);
});

test("half a JPEG is refused, with an end marker put behind it too", async () => {
  const half = baseline.subarray(0, baseline.length >> 1);
  for (const file of [half, Buffer.concat([half, Buffer.of(0xff, 0xd9)])]) {
    await expect(read(file)).rejects.toMatchObject({
      code: "BAD_IMAGE",
      message: expect.stringMatching(
        /expected a whole picture, got one whose last \d{3} of 800 rows are missing/,
      ),
    });
  }
});

test("a progressive JPEG without its last scans is refused; with an end marker it is read as less sharp", async () => {
  const cut = progressive.subarray(0, progressive.length >> 1);
  await expect(read(cut)).rejects.toThrow("a progressive JPEG that ends before its last scan");
  const scans = [...progressive.keys()].filter((i) => progressive[i] === 0xff && progressive[i + 1] === 0xda);
  const coarse = Buffer.concat([progressive.subarray(0, scans[3]), Buffer.of(0xff, 0xd9)]);
  expect((await read(coarse)).warnings[0]).toContain("less sharp than it could be");
});

test("what the markers say is what the encoder wrote", () => {
  expect(jpegStructure(baseline)).toEqual({
    progressive: false,
    scans: 1,
    blockVisits: 75 * 100 + 2 * 38 * 50,
    ended: true,
    complete: true,
    endsRefining: false,
  });
  const found = jpegStructure(progressive)!;
  expect([found.progressive, found.ended, found.complete]).toEqual([true, true, true]);
  expect(found.scans).toBeGreaterThan(5);
});

test("a JPEG of thousands of scans, or of scans over too many blocks together, is refused at once", async () => {
  const started = performance.now();
  for (const [file, scans] of [
    [scanBomb(8000, 8000, 3000), 3001],
    [scanBomb(1000, 1000, 20_000), 20_001],
    [scanBomb(14_000, 14_000, 90), 91],
  ] as const) {
    await expect(readImage(file)).rejects.toMatchObject({
      code: "BAD_IMAGE",
      message: expect.stringContaining(`got ${scans} scans over`),
    });
  }
  // Decoding the first takes 24 s.
  expect(performance.now() - started).toBeLessThan(2000);
});

test("markers that make no sense are left to the decoder, which refuses them", async () => {
  for (const file of [
    baseline.subarray(0, 20),
    Buffer.of(0xff, 0xd8, 0xff, 0xd9),
    Buffer.of(0xff, 0xd8, 0xff, 0xda, 0, 2),
    Buffer.concat([baseline.subarray(0, -2), baseline]),
  ])
    await read(file).catch((error: unknown) => expect(error).toMatchObject({ code: "BAD_IMAGE" }));
});
