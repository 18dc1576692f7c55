import fc from "fast-check";
import { expect, test } from "vitest";
import { isWholeIn, overlapFor, tilesOf } from "./tiles.ts";

test("every face up to the size asked for lies whole in a tile, wherever it is, and no tile holds too many pixels", () => {
  const side = fc.integer({ min: 300, max: 40_000 });
  fc.assert(
    fc.property(
      side,
      side,
      fc.integer({ min: 12, max: 400 }),
      fc.constantFrom<"x" | "y">("x", "y"),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (width, height, largest, rowsAlong, atX, atY) => {
        const picture = { width, height, rowsAlong };
        const pixels = 4096 * 4096;
        const tiles = tilesOf<"image">(picture, pixels, overlapFor(largest));
        for (const tile of tiles) {
          expect(tile.width * tile.height).toBeLessThanOrEqual(pixels);
          expect(Math.min(tile.x, tile.y)).toBeGreaterThanOrEqual(0);
          expect(tile.x + tile.width).toBeLessThanOrEqual(width);
          expect(tile.y + tile.height).toBeLessThanOrEqual(height);
        }
        const box = {
          x: atX * (width - largest),
          y: atY * (height - largest),
          width: largest,
          height: largest,
        };
        expect(tiles.some((tile) => isWholeIn(box, tile, picture, largest))).toBe(true);
      },
    ),
  );
});

test("tiles are bands along the rows of the file: a panorama's are as wide as it is, a turned one's as high", () => {
  const bands = tilesOf<"image">({ width: 12_000, height: 9_000, rowsAlong: "x" }, 4096 ** 2, 200);
  expect(bands.every(({ x, width }) => x === 0 && width === 12_000)).toBe(true);
  expect(bands).toHaveLength(8);
  const turned = tilesOf<"image">({ width: 9_000, height: 12_000, rowsAlong: "y" }, 4096 ** 2, 200);
  expect(turned.every(({ y, height }) => y === 0 && height === 12_000)).toBe(true);
});

test("a face that a tile's inner border cuts does not count, one that the picture's own border cuts does", () => {
  const picture = { width: 1000, height: 1000 };
  const tile = { x: 0, y: 0, width: 1000, height: 500 };
  const face = (x: number, y: number) => ({ x, y, width: 100, height: 100 });
  expect(isWholeIn(face(-20, 100), tile, picture, 100)).toBe(true);
  expect(isWholeIn(face(400, 380), tile, picture, 100)).toBe(false);
  expect(isWholeIn(face(400, 370), tile, picture, 100)).toBe(true);
  expect(isWholeIn(face(400, 100), tile, picture, 99)).toBe(false);
});
