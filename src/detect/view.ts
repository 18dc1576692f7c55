import type { Box } from "../core/index.ts";
import { type RgbImage, resampleBox } from "../image/index.ts";
import type { Feed } from "../onnx/index.ts";
import { isWholeIn, overlapFor, SHARED_RANGE, tilesOf } from "./tiles.ts";

/** A picture as a network sees it: scaled, on a canvas whose sides are multiples of the network's largest stride. */
export interface View {
  readonly feed: Feed;
  readonly width: number;
  readonly height: number;
  /** From pixels of the view to the raster's. */
  toRaster(x: number, y: number): { readonly x: number; readonly y: number };
  /** Pixels of the raster a pixel of the view. */
  readonly pixelPx: number;
}

/** The form in which a network takes its picture. */
export interface ViewInput {
  readonly sideMultiple: number;
  readonly mean: number;
  readonly scale: number;
}

/** One look at a picture: what is shown, how large, and which of the faces seen there count. */
export interface Look {
  /** The part that is looked at, in pixels of the raster; it may reach beyond the picture. */
  readonly box: Box<"raster">;
  /** Pixels of the view per pixel of the raster. */
  readonly scale: number;
  /** True if a box seen in this look is one that this look can show whole. */
  counts(box: Box<"raster">): boolean;
}

const FINEST_SIDE = 1920;
const COARSE_SIDE = 320;
/** Empty border of the coarse look on each side, as a fraction of the picture's longer side. */
const COARSE_MARGIN = 0.25;
/** The coarse look alone serves when the fine one would show the picture larger by this at most. */
const FINE_ENOUGH = 1.25;

/**
 * The looks that find faces from `smallest` pixels of the picture on: a fine one for small faces, in tiles where the whole
 * would be too large, and a coarse one with a margin, for faces that fill the picture.
 *
 * @param seenPx how wide a face has to be in a view to be found reliably, in its pixels
 */
export function looksAt(image: RgbImage, smallest: number, seenPx: number): readonly Look[] {
  const longer = Math.max(image.width, image.height);
  const border = COARSE_MARGIN * longer;
  const coarse = lookAt(whole(image, border), COARSE_SIDE / (longer + 2 * border));
  const wanted = Math.min(seenPx / smallest, 2);
  if (wanted <= FINE_ENOUGH * coarse.scale) return [coarse];
  const fine = lookAt(whole(image, 0), Math.min(wanted, FINEST_SIDE / longer));
  if (wanted <= fine.scale) return [fine, coarse];
  // Faces too small in the fine look of the whole are looked for in tiles, at the scale that shows it.
  const largest = SHARED_RANGE * (seenPx / fine.scale);
  const picture = { width: image.width, height: image.height, rowsAlong: "x" } as const;
  const tiles = tilesOf<"raster">(picture, (FINEST_SIDE / wanted) ** 2, overlapFor(largest));
  return [
    ...tiles.map((tile) => ({
      box: tile,
      scale: wanted,
      counts: (box: Box<"raster">) => isWholeIn(box, tile, picture, largest),
    })),
    fine,
    coarse,
  ];
}

function lookAt(box: Box<"raster">, scale: number): Look {
  return { box, scale, counts: () => true };
}

function whole(image: RgbImage, border: number): Box<"raster"> {
  return { x: -border, y: -border, width: image.width + 2 * border, height: image.height + 2 * border };
}

/**
 * Draws what a look shows for a network that takes any size, zero (black) where there is no picture.
 */
export function viewOf(image: RgbImage, { box, scale }: Look, input: ViewInput): View {
  const roundUp = (side: number): number =>
    Math.max(1, Math.ceil(side / input.sideMultiple - 1e-9)) * input.sideMultiple;
  const width = roundUp(box.width * scale);
  const height = roundUp(box.height * scale);
  const area: Box<"raster"> = { x: box.x, y: box.y, width: width / scale, height: height / scale };
  const data = new Float32Array(3 * width * height);
  const { mean, scale: unit } = input;
  resampleBox(image, area, width, height, { data, offset: 0, order: "yx", mean, scale: unit });
  return {
    feed: { dims: [1, 3, height, width], data },
    width,
    height,
    toRaster: (x, y) => ({ x: x / scale + box.x, y: y / scale + box.y }),
    pixelPx: 1 / scale,
  };
}
