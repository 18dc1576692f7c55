import { encodeJpeg, RgbImage } from "../../image/index.ts";
import type { OcclusionMap } from "../occlusion.ts";

/** Orange where covering made the two less alike, blue where it made them more alike: told apart by everyone. */
const LESS = [230, 120, 0];
const MORE = [0, 114, 178];

/**
 * A crop in grey under the colours of an occlusion map, twice as large.
 *
 * @param strongest change that gets the full colour, above 0
 * Returns   a JPEG's bytes
 */
export async function heatMap(crop: RgbImage, map: OcclusionMap, strongest: number): Promise<Uint8Array> {
  const zoom = 2;
  const width = crop.width * zoom;
  const data = new Uint8Array(width * width * 3);
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      const from = (Math.floor(y / zoom) * crop.width + Math.floor(x / zoom)) * 3;
      const grey = 0.299 * crop.data[from]! + 0.587 * crop.data[from + 1]! + 0.114 * crop.data[from + 2]!;
      const change = at(map, (x + 0.5) / width, (y + 0.5) / width) / strongest;
      const alpha = Math.min(0.78, Math.abs(change) * 0.78);
      const colour = change < 0 ? LESS : MORE;
      for (let c = 0; c < 3; c++) {
        data[(y * width + x) * 3 + c] = Math.round(grey * (1 - alpha) + colour[c]! * alpha);
      }
    }
  }
  return await encodeJpeg(new RgbImage(width, width, data), 88);
}

/** The change at a place of the crop, in shares of its side: between the middles of the nearest patches. */
function at({ side, changes }: OcclusionMap, x: number, y: number): number {
  // The first and the last patch's middles lie an eighth of the crop's side from its edges.
  const place = (share: number): number =>
    Math.min(side - 1, Math.max(0, ((share - 0.125) / 0.75) * (side - 1)));
  const [u, v] = [place(x), place(y)];
  const [left, top] = [Math.min(side - 2, Math.floor(u)), Math.min(side - 2, Math.floor(v))];
  const [fx, fy] = [u - left, v - top];
  const value = (column: number, row: number): number => changes[row * side + column]!;
  return (
    (value(left, top) * (1 - fx) + value(left + 1, top) * fx) * (1 - fy) +
    (value(left, top + 1) * (1 - fx) + value(left + 1, top + 1) * fx) * fy
  );
}
