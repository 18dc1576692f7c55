import { expect, test } from "vitest";
import { seeded } from "../../../core/index.ts";
import { augment, NO_AUGMENTATION } from "./augment.ts";
import { blurCrop } from "./blur.ts";
import { changeColour } from "./colour.ts";
import type { Crop } from "./crop.ts";
import { moveCrop } from "./move.ts";
import { drawPatch, occlude } from "./occlude.ts";

/** A grey picture written as rows of digits. */
const grey = (...rows: readonly (readonly number[])[]): Crop => ({
  width: rows[0]!.length,
  height: rows.length,
  channels: 1,
  data: Uint8Array.from(rows.flat()),
});
const noisy = (width: number, height: number, channels: number): Crop => {
  const random = seeded(2);
  return {
    width,
    height,
    channels,
    data: Uint8Array.from({ length: width * height * channels }, () => random.below(256)),
  };
};

test("without augmentation a crop stays as it is, byte for byte", () => {
  const crop = noisy(9, 7, 3);
  expect(augment(crop, NO_AUGMENTATION, seeded(1)).data).toEqual(crop.data);
});

test("flipping changes left and right, alone and together with a shift", () => {
  const crop = grey([10, 20, 30], [40, 50, 60]);
  const still = { flip: true, shiftX: 0, shiftY: 0, scale: 1 };
  expect([...moveCrop(crop, still).data]).toEqual([30, 20, 10, 60, 50, 40]);
  expect([...moveCrop(crop, { ...still, shiftX: 1 }).data]).toEqual([30, 30, 20, 60, 60, 50]);
});

test("shifting by a half lies between two pixels, and the border is repeated", () => {
  const crop = grey([0, 100, 200]);
  const move = { flip: false, shiftX: 0.5, shiftY: 0, scale: 1 };
  expect([...moveCrop(crop, move).data]).toEqual([0, 50, 150]);
  expect([...moveCrop(crop, { ...move, shiftX: -1 }).data]).toEqual([100, 200, 200]);
});

test("enlarging keeps the middle and moves the rest outwards", () => {
  const crop = grey([0, 50, 100, 150, 200]);
  expect([...moveCrop(crop, { flip: false, shiftX: 0, shiftY: 0, scale: 2 }).data]).toEqual([
    50, 75, 100, 125, 150,
  ]);
});

test("saturation 0 makes the three channels alike; contrast 0 leaves the mean grey", () => {
  const crop = noisy(4, 4, 3);
  const flat = changeColour(crop, { brightness: 1, contrast: 1, saturation: 0 }).data;
  for (let i = 0; i < flat.length; i += 3) {
    expect(flat[i]).toBe(flat[i + 1]);
    const luma = 0.299 * crop.data[i]! + 0.587 * crop.data[i + 1]! + 0.114 * crop.data[i + 2]!;
    expect(flat[i]).toBe(Math.floor(luma + 0.5));
  }
  expect(new Set(changeColour(grey([0, 200]), { brightness: 1, contrast: 0, saturation: 1 }).data)).toEqual(
    new Set([100]),
  );
  expect([...changeColour(grey([10, 200]), { brightness: 2, contrast: 1, saturation: 1 }).data]).toEqual([
    20, 255,
  ]);
});

test("a blur spreads one bright pixel evenly around it and keeps the sum", () => {
  const rows = Array.from({ length: 11 }, (_, y) =>
    Array.from({ length: 11 }, (_, x) => (x === 5 && y === 5 ? 255 : 0)),
  );
  const { data } = blurCrop(grey(...rows), 1);
  const at = (x: number, y: number): number => data[y * 11 + x]!;
  expect(at(5, 5)).toBe(41); // 255 · (0.3990)² of the normalised kernel
  expect([at(4, 5), at(6, 5), at(5, 4), at(5, 6)]).toEqual([25, 25, 25, 25]);
  const constant = blurCrop(grey([77, 77], [77, 77]), 2).data;
  expect([...constant]).toEqual([77, 77, 77, 77]);
});

test("a patch hides between 2 and 20 % of the crop, inside it, and nothing else changes", () => {
  const crop = grey(...new Array<number[]>(40).fill(new Array<number>(40).fill(7)));
  const random = seeded(9);
  for (let round = 0; round < 200; round++) {
    const patch = drawPatch(crop, random);
    expect(patch.x + patch.width).toBeLessThanOrEqual(40);
    expect(patch.y + patch.height).toBeLessThanOrEqual(40);
    const share = (patch.width * patch.height) / 1600;
    expect(share).toBeGreaterThan(0.015);
    expect(share).toBeLessThan(0.22);
    const { data } = occlude(crop, patch, random);
    const inside = (i: number): boolean => {
      const [x, y] = [i % 40, Math.floor(i / 40)];
      return x >= patch.x && x < patch.x + patch.width && y >= patch.y && y < patch.y + patch.height;
    };
    expect(data.every((value, i) => inside(i) || value === 7)).toBe(true);
  }
});

test("the same generator varies alike, and every kind of change can come out", () => {
  const crop = noisy(24, 24, 3);
  const all = { flip: 0.5, shiftPx: 3, scale: 0.1, colour: 0.3, grey: 0.2, blur: 0.3, occlusion: 0.3 };
  const results = Array.from({ length: 20 }, (_, i) => augment(crop, all, seeded(i)).data);
  expect(augment(crop, all, seeded(4)).data).toEqual(results[4]);
  expect(new Set(results.map((data) => Buffer.from(data).toString("base64"))).size).toBe(20);
});
