import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { openPicture } from "./open-picture.ts";
import { copyRegion } from "./pixel-source.ts";
import { readImage } from "./read-image.ts";
import type { RgbImage } from "./rgb-image.ts";

/** A picture in which every place looks different. */
function madePicture(width: number, height: number): Buffer {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      data[at] = (x * 7 + y) & 255;
      data[at + 1] = (y * 5 + (x >> 3)) & 255;
      data[at + 2] = (x * y) & 255;
    }
  }
  return data;
}

const encode = (width: number, height: number) =>
  sharp(madePicture(width, height), { raw: { width, height, channels: 3 } });

function expectSame(a: RgbImage, b: RgbImage): void {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  expect(Buffer.compare(a.data, b.data)).toBe(0);
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "EXIF orientation %i: a region is what the same place of the whole upright picture is",
  async (orientation) => {
    for (const file of [
      await encode(97, 61).withMetadata({ orientation }).png().toBuffer(),
      await encode(97, 61).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer(),
    ]) {
      const picture = await openPicture(file);
      const whole = await readImage(file);
      expect([picture.width, picture.height]).toEqual([whole.width, whole.height]);
      expect(picture.rowsAlong).toBe(orientation >= 5 ? "y" : "x");
      for (const box of [
        { x: 0, y: 0, width: picture.width, height: picture.height },
        { x: 5, y: 9, width: 31, height: 17 },
        { x: picture.width - 1, y: picture.height - 1, width: 1, height: 1 },
        { x: 0, y: picture.height - 3, width: picture.width, height: 3 },
      ])
        expectSame(await picture.region(box), copyRegion(whole, box));
    }
  },
);

test.each(["jpeg", "png", "webp", "tiff", "gif", "avif"] as const)(
  "a region of a %s file is a part of the whole, also of one in many channels",
  async (format) => {
    const file = await encode(120, 90).ensureAlpha(0.5).toFormat(format).toBuffer();
    const box = { x: 33, y: 40, width: 50, height: 21 };
    expectSame(await (await openPicture(file)).region(box), copyRegion(await readImage(file), box));
  },
);

let large: Buffer;
beforeAll(async () => {
  large = await encode(6001, 3999).withMetadata({ orientation: 6 }).jpeg({ quality: 90 }).toBuffer();
});

test("a region larger than what is held is read in strips: the same as halving it whole", async () => {
  const picture = await openPicture(large);
  const whole = await readImage(large, { maxSidePx: 6001 });
  expectSame(await picture.region({ x: 0, y: 0, width: 3999, height: 6001 }, 2), whole.half().half());
  const box = { x: 64, y: 128, width: 3801, height: 5803 };
  expectSame(await picture.region(box, 1), copyRegion(whole, box).half());
});

test("a picture in memory is read like one from a file", async () => {
  const image = await readImage(await encode(50, 40).png().toBuffer());
  const picture = await openPicture(image);
  const box = { x: 8, y: 6, width: 21, height: 30 };
  expectSame(await picture.whole(4096), image);
  expectSame(await picture.region(box, 1), copyRegion(image, box).half());
  expect((await picture.whole(25)).photograph).toEqual({ width: 50, height: 40 });
});
