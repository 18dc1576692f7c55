import { mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { expect, test } from "vitest";
import { readImage } from "./read-image.ts";

/** 40×20, left half red, right half blue. */
const twoHalves = (): Sharp => {
  const data = Buffer.alloc(40 * 20 * 3);
  for (let p = 0; p < 800; p++) data[p * 3 + (p % 40 < 20 ? 0 : 2)] = 255;
  return sharp(data, { raw: { width: 40, height: 20, channels: 3 } });
};

const pixel = (image: { width: number; data: Uint8Array }, x: number, y: number): number[] => [
  ...image.data.subarray((y * image.width + x) * 3, (y * image.width + x) * 3 + 3),
];

function expectNear(actual: readonly number[], wanted: readonly number[], tolerance: number): void {
  actual.forEach((value, i) => {
    expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(tolerance);
  });
}

test.each([
  ["JPEG", async () => twoHalves().jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer(), 12],
  ["PNG", async () => twoHalves().png().toBuffer(), 0],
  ["WebP", async () => twoHalves().webp({ lossless: true }).toBuffer(), 0],
  ["AVIF", async () => twoHalves().avif({ quality: 90, chromaSubsampling: "4:4:4" }).toBuffer(), 12],
  ["TIFF", async () => twoHalves().tiff({ compression: "none" }).toBuffer(), 0],
  ["GIF", async () => twoHalves().gif().toBuffer(), 12],
  ["16-bit PNG", async () => twoHalves().toColourspace("rgb16").png().toBuffer(), 1],
  ["PNG with transparency", async () => twoHalves().ensureAlpha(1).png().toBuffer(), 0],
])("%s is read as 8-bit RGB", async (_, encode, tolerance) => {
  const image = await readImage(await encode());
  expect([image.width, image.height, image.scale]).toEqual([40, 20, 1]);
  expectNear(pixel(image, 5, 10), [255, 0, 0], tolerance);
  expectNear(pixel(image, 35, 10), [0, 0, 255], tolerance);
});

test("grey pictures get three equal channels", async () => {
  const grey = await sharp(Buffer.alloc(64, 90), { raw: { width: 8, height: 8, channels: 1 } })
    .toColourspace("b-w")
    .png()
    .toBuffer();
  expect(pixel(await readImage(grey), 3, 3)).toEqual([90, 90, 90]);
});

test("CMYK is brought to RGB", async () => {
  const cmyk = await twoHalves().toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer();
  const image = await readImage(cmyk);
  const [red, green, blue] = pixel(image, 5, 10);
  expect(red).toBeGreaterThan(150);
  expect(Math.max(green!, blue!)).toBeLessThan(120);
});

test("transparent places become white", async () => {
  const clear = await sharp({
    create: { width: 4, height: 4, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0 } },
  })
    .png()
    .toBuffer();
  expect(pixel(await readImage(clear), 1, 1)).toEqual([255, 255, 255]);
});

test("EXIF orientation is applied: orientation 6 turns a wide picture upright", async () => {
  const turned = await twoHalves().withMetadata({ orientation: 6 }).png().toBuffer();
  const image = await readImage(turned);
  expect([image.width, image.height]).toEqual([20, 40]);
  expect(pixel(image, 10, 2)).toEqual([255, 0, 0]);
  expect(pixel(image, 10, 38)).toEqual([0, 0, 255]);
});

test("of an animation the first frame is read", async () => {
  const frames = Buffer.concat([Buffer.alloc(300, 0), Buffer.alloc(300, 255)]);
  const gif = await sharp(frames, { raw: { width: 10, height: 20, channels: 3, pageHeight: 10 } })
    .gif({ delay: [100, 100] })
    .toBuffer();
  const image = await readImage(gif);
  expect([image.width, image.height]).toEqual([10, 10]);
  expect(pixel(image, 5, 5)).toEqual([0, 0, 0]);
});

test("a very large picture is reduced while decoding, and says by how much", async () => {
  const wide = await sharp({ create: { width: 6000, height: 1500, channels: 3, background: "red" } })
    .jpeg()
    .toBuffer();
  const image = await readImage(wide, { maxSidePx: 1000 });
  expect([image.width, image.height, image.scale]).toEqual([1000, 250, 6]);
});

test("what a file is is told by its content: a .jpg that is a PNG is read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "arcface image ü-"));
  const path = join(folder, "a picture.jpg");
  await writeFile(path, await twoHalves().png().toBuffer());
  expect((await readImage(path)).width).toBe(40);
});

test("an empty file, a text, a cut picture, an SVG, a video and a PDF are refused by name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "arcface-"));
  const jpeg = await sharp(Buffer.alloc(300 * 300 * 3, 77), { raw: { width: 300, height: 300, channels: 3 } })
    .jpeg()
    .toBuffer();
  const cases: [string, Uint8Array, string][] = [
    ["empty.jpg", new Uint8Array(0), "got 0 bytes"],
    ["text.png", Buffer.from("this is no picture at all"), "got another kind of file"],
    ["cut.jpg", jpeg.subarray(0, jpeg.length >> 1), "expected a whole picture"],
    [
      "drawing.svg",
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      "got a file of the kind SVG; save it as JPEG or PNG first",
    ],
    [
      "clip.mp4",
      Buffer.from("\0\0\0\x18ftypisom\0\0\x02\0isomavc1"),
      "got a video; save its frames as pictures first",
    ],
    ["clip.webm", Buffer.from("\x1a\x45\xdf\xa3....webm", "latin1"), "got a video"],
    ["clip.avi", Buffer.from("RIFF....AVI LIST"), "got a video"],
    ["scan.pdf", Buffer.from("%PDF-1.7\n"), "got a PDF; save its pages as pictures first"],
  ];
  for (const [name, bytes, reason] of cases) {
    const path = join(folder, name);
    await writeFile(path, bytes);
    await expect(readImage(path)).rejects.toMatchObject({
      code: "BAD_IMAGE",
      message: expect.stringContaining(reason),
    });
    await expect(readImage(path)).rejects.toThrow(path);
  }
});

/** A PNG whose header claims a size, whatever its data holds. */
function pngOfSize(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc(1000))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

test("a picture with too many pixels is refused before it is decoded, one with none as damaged", async () => {
  await expect(readImage(pngOfSize(30_000, 30_000))).rejects.toMatchObject({
    code: "BAD_IMAGE",
    message: expect.stringContaining("200000000 pixels"),
  });
  await expect(readImage(pngOfSize(0, 10))).rejects.toMatchObject({ code: "BAD_IMAGE" });
});

test("a folder, nothing at all and a link to itself are refused with the reason", async () => {
  const folder = await mkdtemp(join(tmpdir(), "arcface-"));
  const loop = join(folder, "loop.jpg");
  await symlink(loop, loop);
  await expect(readImage(folder)).rejects.toMatchObject({
    code: "BAD_FILE",
    message: expect.stringContaining("got a folder"),
  });
  await expect(readImage(join(folder, "none.jpg"))).rejects.toThrow("got nothing there");
  await expect(readImage(loop)).rejects.toThrow("a link that leads back to itself");
});
