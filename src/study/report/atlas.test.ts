import { expect, test } from "vitest";
import { RgbImage, readImage } from "../../image/index.ts";
import { packAtlas, thumbnailSide } from "./atlas.ts";

test("fewer faces have larger thumbnails", () => {
  expect([1, 200, 201, 600, 601, 100_000].map(thumbnailSide)).toEqual([128, 128, 96, 96, 64, 64]);
});

test("tiles stand in rows, from the left", async () => {
  const side = 512;
  const greys = [40, 80, 120, 160, 200];
  const tiles = greys.map((grey) => new RgbImage(side, side, new Uint8Array(side * side * 3).fill(grey)));
  const { layout, pictures } = await packAtlas(tiles, side);
  expect(layout).toEqual({ sidePx: side, columns: 4, perAtlas: 16, atlases: 1 });
  const { width, height, data } = await readImage(pictures[0]!);
  expect([width, height]).toEqual([4 * side, 2 * side]);
  greys.forEach((grey, i) => {
    const [x, y] = [(i % 4) * side + side / 2, Math.floor(i / 4) * side + side / 2];
    expect(Math.abs(data[(y * width + x) * 3]! - grey)).toBeLessThanOrEqual(2);
  });
});
