import type { Affine, Box } from "../core/index.ts";
import { RgbImage } from "./rgb-image.ts";

/** Target of resampled pixels and their format; see {@link resampleBox}. */
export interface PlanarTarget {
  readonly data: Float32Array;
  /** Index of the first element of this picture. */
  readonly offset: number;
  /** `yx`: rows of each plane run along x, as in NCHW. `xy`: they run along y, as networks with swapped axes want. */
  readonly order: "yx" | "xy";
  /** Written value = (byte − mean) · scale. */
  readonly mean: number;
  readonly scale: number;
}

/**
 * Draws a rectangle of a picture at another size into three planes, R, G, B: bilinear, zero (black) outside.
 *
 * The picture is halved first as often as it shrinks by 2 or more, so that no pixel is passed over.
 *
 * Shapes    target [3, height, width] for order yx, [3, width, height] for xy
 * Ranges    box in raster pixels, any part of it may lie outside
 */
export function resampleBox(
  image: RgbImage,
  box: Box<"raster">,
  width: number,
  height: number,
  target: PlanarTarget,
): void {
  const level = reducedLevel(image, Math.min(box.width / width, box.height / height));
  const reduced = level.image;
  const columns = sampleAxis(box.x / level.factor, box.width / level.factor, width, reduced.width);
  const rows = sampleAxis(box.y / level.factor, box.height / level.factor, height, reduced.height);
  const { data: pixels } = reduced;
  const stride = reduced.width * 3;
  const { data, offset, mean, scale } = target;
  const plane = width * height;
  const stepX = target.order === "yx" ? 1 : height;
  const stepY = target.order === "yx" ? width : 1;
  const [left, right] = [columns.begin, columns.end];
  if (left > 0 || right < width || rows.begin > 0 || rows.end < height)
    data.fill((0 - mean) * scale, offset, offset + 3 * plane);
  for (let y = rows.begin; y < rows.end; y++) {
    const top = rows.first[y]! * stride;
    const bottom = rows.second[y]! * stride;
    const weightTop = rows.weightFirst[y]!;
    const weightBottom = rows.weightSecond[y]!;
    let at = offset + y * stepY + left * stepX;
    for (let x = left; x < right; x++, at += stepX) {
      const first = columns.first[x]! * 3;
      const second = columns.second[x]! * 3;
      const a = columns.weightFirst[x]!;
      const b = columns.weightSecond[x]!;
      const tl = weightTop * a;
      const tr = weightTop * b;
      const bl = weightBottom * a;
      const br = weightBottom * b;
      const p = top + first;
      const q = top + second;
      const r = bottom + first;
      const s = bottom + second;
      data[at] = (pixels[p]! * tl + pixels[q]! * tr + pixels[r]! * bl + pixels[s]! * br - mean) * scale;
      data[at + plane] =
        (pixels[p + 1]! * tl + pixels[q + 1]! * tr + pixels[r + 1]! * bl + pixels[s + 1]! * br - mean) *
        scale;
      data[at + 2 * plane] =
        (pixels[p + 2]! * tl + pixels[q + 2]! * tr + pixels[r + 2]! * bl + pixels[s + 2]! * br - mean) *
        scale;
    }
  }
}

/**
 * Draws a picture through an affine map: bilinear, zero (black) outside, rounded to bytes.
 *
 * @param from where each pixel of the result is found: crop coordinates to raster coordinates
 */
export function warpAffine(
  image: RgbImage,
  from: Affine<"crop", "raster">,
  width: number,
  height: number,
): RgbImage {
  const shrink = Math.sqrt(Math.abs(from.a * from.e - from.b * from.d));
  const { image: reduced, factor } = reducedLevel(image, shrink);
  const { data: pixels, width: w, height: h } = reduced;
  const out = new Uint8Array(width * height * 3);
  let at = 0;
  for (let y = 0; y < height; y++) {
    const [alongX, alongY] = [from.b * (y + 0.5), from.e * (y + 0.5)];
    for (let x = 0; x < width; x++, at += 3) {
      const u = (from.a * (x + 0.5) + alongX + from.c) / factor - 0.5;
      const v = (from.d * (x + 0.5) + alongY + from.f) / factor - 0.5;
      const x0 = Math.floor(u);
      const y0 = Math.floor(v);
      if (x0 < -1 || y0 < -1 || x0 >= w || y0 >= h) continue;
      const fx = u - x0;
      const fy = v - y0;
      let tl = (1 - fx) * (1 - fy);
      let tr = fx * (1 - fy);
      let bl = (1 - fx) * fy;
      let br = fx * fy;
      let p = (y0 * w + x0) * 3;
      let q = p + 3;
      let r = p + w * 3;
      let s = r + 3;
      if (x0 < 0 || y0 < 0 || x0 + 1 >= w || y0 + 1 >= h) {
        // A pixel outside the picture has weight 0; its index is held inside so that it never reads undefined.
        if (x0 < 0 || y0 < 0) [tl, p] = [0, 0];
        if (x0 + 1 >= w || y0 < 0) [tr, q] = [0, 0];
        if (x0 < 0 || y0 + 1 >= h) [bl, r] = [0, 0];
        if (x0 + 1 >= w || y0 + 1 >= h) [br, s] = [0, 0];
      }
      out[at] = pixels[p]! * tl + pixels[q]! * tr + pixels[r]! * bl + pixels[s]! * br + 0.5;
      out[at + 1] =
        pixels[p + 1]! * tl + pixels[q + 1]! * tr + pixels[r + 1]! * bl + pixels[s + 1]! * br + 0.5;
      out[at + 2] =
        pixels[p + 2]! * tl + pixels[q + 2]! * tr + pixels[r + 2]! * bl + pixels[s + 2]! * br + 0.5;
    }
  }
  return new RgbImage(width, height, out);
}

/** The picture halved as often as `shrink` allows without enlarging afterwards. */
function reducedLevel(image: RgbImage, shrink: number): { image: RgbImage; factor: number } {
  let reduced = image;
  let factor = 1;
  while (shrink / factor >= 2 && reduced.width > 8 && reduced.height > 8) {
    reduced = reduced.half();
    factor *= 2;
  }
  return { image: reduced, factor };
}

/**
 * For each of `count` places along an axis the two pixels it lies between, and their weights: 0 outside. `begin` to `end` are the
 * places that are not outside altogether.
 */
function sampleAxis(start: number, length: number, count: number, size: number) {
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  const weightFirst = new Float64Array(count);
  const weightSecond = new Float64Array(count);
  const step = length / count;
  for (let i = 0; i < count; i++) {
    const place = start + (i + 0.5) * step - 0.5;
    const floor = Math.floor(place);
    const fraction = place - floor;
    first[i] = Math.min(Math.max(floor, 0), size - 1);
    second[i] = Math.min(Math.max(floor + 1, 0), size - 1);
    weightFirst[i] = floor >= 0 && floor < size ? 1 - fraction : 0;
    weightSecond[i] = floor + 1 >= 0 && floor + 1 < size ? fraction : 0;
  }
  let [begin, end] = [0, count];
  while (begin < end && weightFirst[begin] === 0 && weightSecond[begin] === 0) begin++;
  while (end > begin && weightFirst[end - 1] === 0 && weightSecond[end - 1] === 0) end--;
  return { first, second, weightFirst, weightSecond, begin, end };
}
