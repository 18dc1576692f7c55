import { expect, test } from "vitest";
import { seeded } from "../core/index.ts";
import { resampleBox, warpAffine } from "./resample.ts";
import { RgbImage } from "./rgb-image.ts";

function noise(width: number, height: number): RgbImage {
  const random = seeded(5);
  return new RgbImage(
    width,
    height,
    Uint8Array.from({ length: width * height * 3 }, () => random.below(256)),
  );
}

/** Bilinear sampling as it is defined: the four nearest pixel centres, black outside. */
function sample(image: RgbImage, x: number, y: number, channel: number): number {
  const at = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= image.width || row >= image.height
      ? 0
      : image.data[(row * image.width + column) * 3 + channel]!;
  const [u, v] = [x - 0.5, y - 0.5];
  const [left, top] = [Math.floor(u), Math.floor(v)];
  const [fx, fy] = [u - left, v - top];
  return (
    (1 - fy) * ((1 - fx) * at(left, top) + fx * at(left + 1, top)) +
    fy * ((1 - fx) * at(left, top + 1) + fx * at(left + 1, top + 1))
  );
}

/** Both sides compute the same weights in float64 and differ by the float32 they are stored in. */
const STORE_TOLERANCE = 1e-4;

test("a rectangle is drawn as bilinear sampling defines it, inside and outside the picture, in both plane orders", () => {
  const image = noise(31, 17);
  for (const box of [
    { x: 2.3, y: 1.7, width: 20, height: 9 },
    { x: -6, y: -3.5, width: 45, height: 25 },
  ]) {
    const [width, height] = [24, 15];
    for (const order of ["yx", "xy"] as const) {
      const data = new Float32Array(3 * width * height + 1);
      resampleBox(image, box, width, height, { data, offset: 1, order, mean: 100, scale: 0.5 });
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) {
            const place = order === "yx" ? y * width + x : x * height + y;
            const wanted =
              (sample(
                image,
                box.x + ((x + 0.5) * box.width) / width,
                box.y + ((y + 0.5) * box.height) / height,
                c,
              ) -
                100) *
              0.5;
            expect(Math.abs(data[1 + c * width * height + place]! - wanted)).toBeLessThan(STORE_TOLERANCE);
          }
    }
  }
});

test("a warp is bilinear sampling at the mapped places, rounded to bytes", () => {
  const image = noise(40, 30);
  const map = { a: 0.8, b: -0.5, c: 9, d: 0.5, e: 0.8, f: -4 };
  const warped = warpAffine(image, map, 25, 25);
  for (let y = 0; y < 25; y++)
    for (let x = 0; x < 25; x++)
      for (let c = 0; c < 3; c++) {
        const u = map.a * (x + 0.5) + map.b * (y + 0.5) + map.c;
        const v = map.d * (x + 0.5) + map.e * (y + 0.5) + map.f;
        expect(Math.abs(warped.data[(y * 25 + x) * 3 + c]! - sample(image, u, v, c))).toBeLessThanOrEqual(
          0.5 + 1e-9,
        );
      }
});

test("drawing a picture onto itself changes no pixel", () => {
  const image = noise(12, 9);
  expect([...warpAffine(image, { a: 1, b: 0, c: 0, d: 0, e: 1, f: 0 }, 12, 9).data]).toEqual([...image.data]);
});

test("halving takes the mean of four pixels", () => {
  const image = new RgbImage(2, 2, Uint8Array.of(0, 10, 20, 4, 10, 20, 8, 10, 20, 4, 10, 22));
  expect([...image.half().data]).toEqual([4, 10, 21]);
  expect(image.half().scale).toBe(2);
});

test("shrinking far passes over no pixel: the mean brightness stays", () => {
  const image = noise(256, 256);
  const data = new Float32Array(3 * 16 * 16);
  resampleBox(image, { x: 0, y: 0, width: 256, height: 256 }, 16, 16, {
    data,
    offset: 0,
    order: "yx",
    mean: 0,
    scale: 1,
  });
  const mean = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((a, b) => a + b, 0) / values.length;
  expect(Math.abs(mean(data) - mean(image.data))).toBeLessThan(1.5);
});
