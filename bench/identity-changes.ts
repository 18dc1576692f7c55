/** Known changes of a picture with a face, each by rising amounts, and morphs between two people. */
import type { Box, Landmarks, Point } from "arcface-ts";
import sharp, { type Sharp } from "sharp";

/** A picture's pixels, RGB. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface Change {
  readonly name: string;
  /** From no change at all to the strongest. */
  readonly amounts: readonly number[];
  /** A lossless picture. @param box of the face, in pixels */
  apply(jpeg: Uint8Array, amount: number, box: Box<"image">): Promise<Uint8Array>;
}

const png = async (picture: Sharp): Promise<Uint8Array> =>
  await picture.png({ compressionLevel: 1 }).toBuffer();

export const CHANGES: readonly Change[] = [
  {
    name: "jpeg",
    amounts: [90, 70, 50, 30, 20, 10],
    apply: async (jpeg, quality) =>
      await png(sharp(await sharp(jpeg).jpeg({ quality, chromaSubsampling: "4:2:0" }).toBuffer())),
  },
  {
    name: "blur",
    amounts: [0.5, 1, 2, 3, 4, 6],
    apply: async (jpeg, sigma) => await png(sharp(jpeg).blur(sigma)),
  },
  { name: "noise", amounts: [5, 10, 20, 40, 60], apply: noisy },
  {
    name: "downscale",
    amounts: [2, 3, 4, 6, 8],
    async apply(jpeg, times) {
      const { width, height } = await sharp(jpeg).metadata();
      const small = await png(
        sharp(jpeg).resize(Math.round(width / times), Math.round(height / times), {
          fit: "fill",
          kernel: "linear",
        }),
      );
      return await png(sharp(small).resize(width, height, { fit: "fill", kernel: "linear" }));
    },
  },
  {
    name: "mask",
    amounts: [0.1, 0.2, 0.3, 0.4, 0.5],
    // From the box's lower end upwards: chin, mouth, nose.
    async apply(jpeg, share, box) {
      const { width, height } = await sharp(jpeg).metadata();
      const left = Math.max(0, Math.round(box.x));
      const top = Math.max(0, Math.round(box.y + box.height * (1 - share)));
      const cover = {
        width: Math.min(width - left, Math.round(box.width)),
        height: Math.max(1, Math.min(height, Math.round(box.y + box.height)) - top),
      };
      const bar = await sharp({ create: { ...cover, channels: 3, background: "#808080" } })
        .png()
        .toBuffer();
      return await png(sharp(jpeg).composite([{ input: bar, left, top }]));
    },
  },
  {
    name: "darker",
    amounts: [0.8, 0.6, 0.4, 0.2, 0.1],
    apply: async (jpeg, factor) => await png(sharp(jpeg).linear(factor, 0)),
  },
  {
    name: "brighter",
    amounts: [1.2, 1.5, 2, 3, 4],
    apply: async (jpeg, factor) => await png(sharp(jpeg).linear(factor, 0)),
  },
  {
    name: "rotation",
    amounts: [5, 10, 20, 30, 45],
    apply: async (jpeg, degrees) => await png(sharp(jpeg).rotate(degrees, { background: "#000000" })),
  },
];

/** Gaussian noise of a deviation in steps of 1/255, drawn anew but the same in every run. */
async function noisy(jpeg: Uint8Array, deviation: number): Promise<Uint8Array> {
  const { data, info } = await sharp(jpeg).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  let state = 12345;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 4294967297;
  };
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const normal = Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
    out[i] = Math.min(255, Math.max(0, Math.round(data[i]! + deviation * normal)));
  }
  return await png(sharp(out, { raw: { width: info.width, height: info.height, channels: 3 } }));
}

/** Triangles over the five landmarks (0 to 4) and the border (5 to 12: from the top left corner around, clockwise). */
const TRIANGLES: readonly (readonly [number, number, number])[] = [
  [5, 6, 0],
  [6, 1, 0],
  [6, 7, 1],
  [7, 8, 1],
  [8, 4, 1],
  [8, 9, 4],
  [9, 10, 4],
  [10, 3, 4],
  [10, 11, 3],
  [11, 12, 3],
  [12, 0, 3],
  [12, 5, 0],
  [0, 1, 2],
  [0, 2, 3],
  [1, 4, 2],
  [2, 4, 3],
];

/**
 * A face between two: landmarks at a share of the way, each picture warped there triangle by triangle, pixels blended by the
 * same share. 0 is the first picture, 1 the second.
 */
export function morph(
  a: Pixels,
  b: Pixels,
  of: readonly [Landmarks<"image">, Landmarks<"image">],
  share: number,
): Pixels {
  const { width, height } = a;
  const [from, to] = [withBorder(of[0], a), withBorder(of[1], b)];
  const between = from.map((point, i) => ({
    x: (1 - share) * point.x + share * to[i]!.x,
    y: (1 - share) * point.y + share * to[i]!.y,
  }));
  const data = new Uint8Array(width * height * 3);
  for (const [i, j, k] of TRIANGLES) {
    const [p, q, r] = [between[i]!, between[j]!, between[k]!];
    const area = (q.x - p.x) * (r.y - p.y) - (r.x - p.x) * (q.y - p.y);
    const [left, right] = [Math.floor(Math.min(p.x, q.x, r.x)), Math.ceil(Math.max(p.x, q.x, r.x))];
    const [top, bottom] = [Math.floor(Math.min(p.y, q.y, r.y)), Math.ceil(Math.max(p.y, q.y, r.y))];
    for (let y = Math.max(0, top); y < Math.min(height, bottom); y++)
      for (let x = Math.max(0, left); x < Math.min(width, right); x++) {
        const [u, v] = [x + 0.5, y + 0.5];
        const wq = ((u - p.x) * (r.y - p.y) - (r.x - p.x) * (v - p.y)) / area;
        const wr = ((q.x - p.x) * (v - p.y) - (u - p.x) * (q.y - p.y)) / area;
        const wp = 1 - wq - wr;
        if (wp < -1e-9 || wq < -1e-9 || wr < -1e-9) continue;
        for (let c = 0; c < 3; c++) {
          const at = (picture: Pixels, points: readonly Point<"image">[]): number =>
            sampled(
              picture,
              wp * points[i]!.x + wq * points[j]!.x + wr * points[k]!.x,
              wp * points[i]!.y + wq * points[j]!.y + wr * points[k]!.y,
              c,
            );
          data[(y * width + x) * 3 + c] = Math.round((1 - share) * at(a, from) + share * at(b, to));
        }
      }
  }
  return { data, width, height };
}

function withBorder(landmarks: Landmarks<"image">, { width, height }: Pixels): Point<"image">[] {
  const [w, h] = [width, height];
  const border = [
    [0, 0],
    [w / 2, 0],
    [w, 0],
    [w, h / 2],
    [w, h],
    [w / 2, h],
    [0, h],
    [0, h / 2],
  ];
  return [...landmarks, ...border.map(([x, y]) => ({ x: x!, y: y! }))];
}

function sampled({ data, width, height }: Pixels, u: number, v: number, channel: number): number {
  const x = Math.min(width - 1, Math.max(0, u - 0.5));
  const y = Math.min(height - 1, Math.max(0, v - 0.5));
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const [x1, y1] = [Math.min(width - 1, x0 + 1), Math.min(height - 1, y0 + 1)];
  const at = (column: number, row: number): number => data[(row * width + column) * 3 + channel]!;
  const [fx, fy] = [x - x0, y - y0];
  return (
    (1 - fy) * ((1 - fx) * at(x0, y0) + fx * at(x1, y0)) + fy * ((1 - fx) * at(x0, y1) + fx * at(x1, y1))
  );
}
