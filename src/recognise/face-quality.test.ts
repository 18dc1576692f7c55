import { expect, test } from "vitest";
import { type AlignedFace, alignmentTemplate, asAlignedFace } from "../align/index.ts";
import type { Detection } from "../detect/index.ts";
import { RgbImage, readImage } from "../image/index.ts";
import { faceQuality, pixelQuality } from "./face-quality.ts";
import fixture from "./fixtures/quality.json" with { type: "json" };

const SIDE = 112;
/** As tools/quality-fixture.py makes them. */
function picture(kind: number): AlignedFace {
  const [scale, shift] = [[1, 0.3, 1][kind]!, [0, 0, 120][kind]!];
  const data = new Uint8Array(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const values = [
        x * (3 + kind) + y * 7 + kind * 29,
        x * 5 + y * (2 + kind) + Math.floor((x * y) / (3 + kind)),
        x * 2 + y * 3 + kind * 41,
      ];
      data.set(
        values.map((value) => Math.min(255, Math.floor((value % 256) * scale) + shift)),
        3 * (y * SIDE + x),
      );
    }
  return asAlignedFace(new RgbImage(SIDE, SIDE, data));
}
const changed = (crop: AlignedFace, to: (value: number) => number): AlignedFace =>
  asAlignedFace(
    new RgbImage(
      SIDE,
      SIDE,
      Uint8Array.from(crop.data, (value) => Math.round(to(value))),
    ),
  );

test.each([0, 1, 2])("light of made picture %d is what ofiqpy measures", (kind) => {
  const found = pixelQuality(picture(kind));
  const { contrast, underexposed, overexposed, dynamicRange } = fixture.pictures[kind]!;
  expect(found.contrast).toBeCloseTo(contrast, 9);
  expect(found.underexposed).toBeCloseTo(underexposed, 9);
  expect(found.overexposed).toBeCloseTo(overexposed, 9);
  expect(found.dynamicRange).toBeCloseTo(dynamicRange, 9);
});

test("eyes lie as far apart as ofiqpy says, who also turns the head back", () => {
  const photograph = { height: 400 };
  const crop = picture(0);
  const [level] = fixture.eyes;
  const template = alignmentTemplate(112).map(({ x, y }) => ({ x, y }));
  const eye = template[1]!.x - template[0]!.x;
  const scale = level!.interEyePx / eye;
  const landmarks = template.map(({ x, y }) => ({ x: 200 + scale * x, y: 50 + scale * y }));
  const face = { box: { x: 0, y: 0, width: 80, height: 100 }, landmarks } as unknown as Detection<"image">;
  const found = faceQuality(face, crop, photograph);
  // The template's own eyes are not quite level, and its head not quite straight.
  expect(found.interEyePx).toBeGreaterThan(level!.interEyePx);
  expect(found.interEyePx).toBeLessThan(1.005 * level!.interEyePx);
  expect(found.headSize).toBe(0.25);
  expect(Math.abs(found.pose!.yaw)).toBeLessThan(3);
  const [, turned] = fixture.eyes;
  const { left, right, yaw, interEyePx } = turned!;
  const seen = Math.hypot(right[0]! - left[0]!, right[1]! - left[1]!);
  expect(seen / Math.cos((yaw * Math.PI) / 180)).toBeCloseTo(interEyePx, 9);
});

test("sharpness is 0 for an even surface and for a slope, and the Laplacian's variance for a checkerboard", () => {
  const image = (value: (x: number, y: number) => number): RgbImage => {
    const data = new Uint8Array(30 * 30 * 3);
    for (let i = 0; i < 900; i++) data.fill(value(i % 30, Math.floor(i / 30)), 3 * i, 3 * i + 3);
    return new RgbImage(30, 30, data);
  };
  expect(pixelQuality(image(() => 90)).sharpness).toBeCloseTo(0, 6);
  expect(pixelQuality(image((x) => 4 * x)).sharpness).toBeCloseTo(0, 6);
  // Every pixel differs from its four neighbours by 10: the Laplacian is ±40.
  expect(pixelQuality(image((x, y) => 100 + 10 * ((x + y) % 2))).sharpness).toBeCloseTo(1600, 6);
});

test("what is blurred is less sharp, what is darkened darker, what is flattened has less contrast; more the more it is", async () => {
  const sharp = (await import("sharp")).default;
  const crop = picture(0);
  const raw = { raw: { width: SIDE, height: SIDE, channels: 3 as const } };
  let [sharpness, brightness, contrast, under] = [Infinity, Infinity, Infinity, -1];
  for (const amount of [0.6, 1, 2, 4]) {
    const png = await sharp(Buffer.from(crop.data), raw).blur(amount).png().toBuffer();
    const blurred = pixelQuality(await readImage(png));
    expect(blurred.sharpness).toBeLessThan(sharpness);
    sharpness = blurred.sharpness;
    const dark = pixelQuality(changed(crop, (value) => value / (1 + amount)));
    expect(dark.brightness).toBeLessThan(brightness);
    expect(dark.underexposed).toBeGreaterThanOrEqual(under);
    [brightness, under] = [dark.brightness, dark.underexposed];
    const flat = pixelQuality(changed(crop, (value) => 128 + (value - 128) / (1 + amount)));
    expect(flat.contrast).toBeLessThan(contrast);
    contrast = flat.contrast;
  }
  expect(pixelQuality(changed(crop, () => 255))).toMatchObject({
    brightness: 1,
    contrast: 0,
    dynamicRange: 0,
    overexposed: 1,
    underexposed: 0,
  });
});
