import fc from "fast-check";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import type { Landmarks } from "../core/index.ts";
import { openPicture, type Picture, type RgbImage, readImage } from "../image/index.ts";
import { alignFace, alignmentTemplate, cutFaces, facePart } from "./index.ts";

let picture: Picture;
let image: RgbImage;
beforeAll(async () => {
  const [width, height] = [1501, 1103];
  const data = Buffer.alloc(width * height * 3);
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    data[i] = state >> 16;
  }
  const file = await sharp(data, { raw: { width, height, channels: 3 } })
    .blur(1.5)
    .withMetadata({ orientation: 8 })
    .jpeg({ quality: 95 })
    .toBuffer();
  picture = await openPicture(file);
  image = await readImage(file);
});

/** The template turned, scaled and put somewhere. */
function face(x: number, y: number, scale: number, turn: number): Landmarks<"image"> {
  const [a, b] = [scale * Math.cos(turn), scale * Math.sin(turn)];
  return alignmentTemplate(112).map((point) => ({
    x: x + a * (point.x - 56) - b * (point.y - 56),
    y: y + b * (point.x - 56) + a * (point.y - 56),
  })) as unknown as Landmarks<"image">;
}

function worstDifference(a: RgbImage, b: RgbImage): number {
  let worst = 0;
  for (let i = 0; i < a.data.length; i++) worst = Math.max(worst, Math.abs(a.data[i]! - b.data[i]!));
  return worst;
}

test("a face cut out of a part of the picture is the one cut out of the whole, at any size and place", async () => {
  const place = fc.record({
    x: fc.double({ min: -40, max: 1150, noNaN: true }),
    y: fc.double({ min: -40, max: 1550, noNaN: true }),
    scale: fc.double({ min: 0.2, max: 9, noNaN: true }),
    turn: fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(place, { minLength: 1, maxLength: 4 }), async (places) => {
      const faces = places.map(({ x, y, scale, turn }) => face(x, y, scale, turn));
      const crops = await cutFaces(picture, faces, 112);
      for (const [i, landmarks] of faces.entries()) {
        const wanted = alignFace(image, landmarks as unknown as Landmarks<"raster">, 112);
        // Landmarks are moved before the map is fitted, which rounds otherwise: one step of 255 at most.
        expect(worstDifference(crops[i]!, wanted)).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 40 },
  );
});

test("the part around a face gives the same crop, and has room to shift it", async () => {
  const landmarks = face(700, 650, 3.3, 0.4);
  const part = await facePart(picture, landmarks, 112);
  const wanted = alignFace(image, landmarks as unknown as Landmarks<"raster">, 112);
  expect(worstDifference(alignFace(part.image, part.landmarks, 112), wanted)).toBeLessThanOrEqual(1);
  const moved = part.landmarks.map(({ x, y }) => ({ x: x + 15, y })) as unknown as Landmarks<"raster">;
  const shifted = landmarks.map(({ x, y }) => ({ x: x + 30, y })) as unknown as Landmarks<"raster">;
  expect(
    worstDifference(alignFace(part.image, moved, 112), alignFace(image, shifted, 112)),
  ).toBeLessThanOrEqual(1);
});
