import { FaceError } from "../core/index.ts";
import type { RgbImage } from "../image/index.ts";

/** A square or oblong picture of numbers: planes R, G, B, rows from the top. Values are those of bytes, 0…255, and need not be whole. */
export interface Planes {
  readonly width: number;
  readonly height: number;
  /** [3, height, width] */
  readonly data: Float32Array;
}

/** The way in which a picture reaches another size; the names are PyTorch's. */
export interface Resize {
  readonly method: "adaptive-average-pool" | "bilinear" | "bicubic" | "nearest";
  /** Of bilinear and bicubic; anything else has no use for it. */
  readonly alignCorners: boolean | null;
}

/** The planes of a picture of bytes. */
export function planesOf({ width, height, data }: RgbImage): Planes {
  const plane = width * height;
  const out = new Float32Array(3 * plane);
  for (let i = 0, at = 0; i < plane; i++, at += 3) {
    out[i] = data[at]!;
    out[plane + i] = data[at + 1]!;
    out[2 * plane + i] = data[at + 2]!;
  }
  return { width, height, data: out };
}

/** A part of a picture. @param rows half-open, as `columns` Throws FaceError SHAPE for a part that is not inside. */
export function cropPlanes(
  { width, height, data }: Planes,
  rows: readonly [number, number],
  columns: readonly [number, number],
): Planes {
  const [top, bottom] = rows;
  const [left, right] = columns;
  if (top < 0 || left < 0 || bottom > height || right > width || top >= bottom || left >= right)
    throw new FaceError("SHAPE", {
      where: "crop",
      expected: `a part of ${width}×${height}`,
      got: `rows ${top} to ${bottom}, columns ${left} to ${right}`,
    });
  const [w, h] = [right - left, bottom - top];
  const out = new Float32Array(3 * w * h);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < h; y++) {
      const from = (c * height + top + y) * width + left;
      out.set(data.subarray(from, from + w), (c * h + y) * w);
    }
  return { width: w, height: h, data: out };
}

/** Weights of the source places that one place of the result is made of. */
interface Tap {
  readonly at: readonly number[];
  readonly weight: readonly number[];
}

/**
 * A picture at another size, each axis by itself, as PyTorch's `adaptive_avg_pool2d` and `interpolate` without antialiasing do it.
 *
 * Formula   pool: the mean of ⌊i·n/m⌋…⌈(i+1)·n/m⌉. Otherwise the place is i·(n−1)/(m−1) where corners are aligned, i·n/m for
 *           nearest, (i+½)·n/m−½ else; bicubic with a = −¾, the border repeated
 * Source    PyTorch, aten/src/ATen/native/UpSample.h and AdaptiveAveragePooling.cpp (formulas)
 */
export function resizePlanes(picture: Planes, width: number, height: number, how: Resize): Planes {
  const columns = tapsOf(picture.width, width, how);
  const rows = tapsOf(picture.height, height, how);
  // Across first, then down: the weights are products, so the order changes nothing but rounding.
  const across = new Float64Array(3 * picture.height * width);
  for (let row = 0; row < 3 * picture.height; row++) {
    const from = row * picture.width;
    for (let x = 0; x < width; x++) {
      const { at, weight } = columns[x]!;
      let sum = 0;
      for (let k = 0; k < at.length; k++) sum += weight[k]! * picture.data[from + at[k]!]!;
      across[row * width + x] = sum;
    }
  }
  const out = new Float32Array(3 * height * width);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++) {
      const { at, weight } = rows[y]!;
      const to = (c * height + y) * width;
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = 0; k < at.length; k++)
          sum += weight[k]! * across[(c * picture.height + at[k]!) * width + x]!;
        out[to + x] = sum;
      }
    }
  return { width, height, data: out };
}

function tapsOf(from: number, to: number, how: Resize): Tap[] {
  return Array.from({ length: to }, (_, i) => tapOf(i, from, to, how));
}

function tapOf(i: number, from: number, to: number, { method, alignCorners }: Resize): Tap {
  const inside = (at: number): number => Math.min(from - 1, Math.max(0, at));
  if (method === "nearest") return { at: [inside(Math.floor((i * from) / to))], weight: [1] };
  if (method === "adaptive-average-pool") {
    const [first, end] = [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)];
    const count = end - first;
    return {
      at: Array.from({ length: count }, (_, k) => first + k),
      weight: new Array<number>(count).fill(1 / count),
    };
  }
  const place = placeOf(i, from, to, alignCorners ?? false);
  if (method === "bilinear") {
    const at = Math.max(0, place);
    const first = Math.min(Math.floor(at), from - 1);
    const share = at - first;
    return { at: [first, inside(first + 1)], weight: [1 - share, share] };
  }
  const first = Math.floor(place);
  const share = place - first;
  return {
    at: [-1, 0, 1, 2].map((k) => inside(first + k)),
    weight: [cubic(share + 1), cubic(share), cubic(1 - share), cubic(2 - share)],
  };
}

/** In float32, as PyTorch computes places: their rounding moves hard edges by 10⁻⁵ of their height. */
function placeOf(i: number, from: number, to: number, alignCorners: boolean): number {
  const { fround } = Math;
  if (alignCorners) return fround(fround(to > 1 ? (from - 1) / (to - 1) : 0) * i);
  return fround(fround(fround(from / to) * (i + 0.5)) - 0.5);
}

const A = -0.75;

/** Keys' cubic convolution kernel at a distance of 0…2. */
function cubic(d: number): number {
  return d <= 1 ? ((A + 2) * d - (A + 3)) * d * d + 1 : ((A * d - 5 * A) * d + 8 * A) * d - 4 * A;
}
