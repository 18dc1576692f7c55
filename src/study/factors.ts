import { type AlignedFace, alignFace, asAlignedFace } from "../align/index.ts";
import type { Landmarks } from "../core/index.ts";
import { encodeJpeg, RgbImage, readImage } from "../image/index.ts";

/** A face as it was cut out, with what is needed to cut it out otherwise. */
export interface FactorInput {
  readonly crop: AlignedFace;
  readonly image: RgbImage;
  readonly landmarks: Landmarks<"raster">;
}

/** One thing about a picture that the network might go by, and how to change nothing but it. */
export interface Factor {
  readonly id: string;
  readonly label: string;
  readonly kind: "region" | "light" | "quality" | "alignment";
  /** The change that is made, in one sentence. */
  readonly what: string;
  readonly apply: (input: FactorInput) => AlignedFace | Promise<AlignedFace>;
}

/**
 * True if a place of an aligned crop lies in a region, in shares of its side (0…1, from the top left).
 *
 * The regions follow the template on which all crops are aligned (eyes at 0.46 of the height, mouth at 0.82), not
 * each face's outline: a segmentation would need one more network.
 */
type Region = (x: number, y: number) => boolean;

const inFace: Region = (x, y) => ((x - 0.5) / 0.36) ** 2 + ((y - 0.6) / 0.5) ** 2 <= 1;
const EYES_Y = 0.46;
const NOSE_Y = 0.62;

/** The regions that are masked, by the id of their factor. */
export const REGIONS: Readonly<Record<string, Region>> = {
  hair: (x, y) => y < EYES_Y && (!inFace(x, y) || y < 0.2),
  background: (x, y) => y >= EYES_Y && !inFace(x, y),
  "upper-face": (x, y) => inFace(x, y) && y >= 0.2 && y < NOSE_Y,
  "lower-face": (x, y) => inFace(x, y) && y >= NOSE_Y,
};

/** Every factor that is tested, in the order of the report. */
export const FACTORS: readonly Factor[] = [
  region(
    "hair",
    "hair and hairline",
    "the crop above the eyes and outside the face's oval, and the hairline, in one grey",
  ),
  region(
    "background",
    "background and neck",
    "the crop below the eyes and outside the face's oval, in one grey",
  ),
  region("upper-face", "upper face", "forehead, brows and eyes, in one grey"),
  region("lower-face", "lower face", "nose tip, mouth and chin, in one grey"),
  pixels("brighter", "brighter", "light", "every value × 1.5", (value) => value * 1.5),
  pixels("darker", "darker", "light", "every value × 0.5", (value) => value * 0.5),
  {
    id: "side-light",
    label: "light from one side",
    kind: "light",
    what: "values × 0.3 at the left edge rising to × 1.7 at the right",
    apply: ({ crop }) => mapPixels(crop, (value, x) => value * (0.3 + (1.4 * x) / (crop.width - 1))),
  },
  {
    id: "contrast",
    label: "less contrast",
    kind: "light",
    what: "values brought halfway to the crop's mean",
    apply: ({ crop }) => {
      const mean = meanOf(crop);
      return mapPixels(crop, (value) => (value + mean) / 2);
    },
  },
  {
    id: "grey",
    label: "without colour",
    kind: "light",
    what: "luma instead of colour",
    apply: ({ crop }) => grey(crop),
  },
  {
    id: "blur",
    label: "blur",
    kind: "quality",
    what: "Gaussian of 2 % of the side (2.2 px of 112)",
    apply: ({ crop }) => blur(crop, crop.width * 0.02),
  },
  {
    id: "jpeg",
    label: "JPEG compression",
    kind: "quality",
    what: "the crop compressed at quality 10",
    apply: async ({ crop }) => asAlignedFace(await readImage(await encodeJpeg(crop, 10))),
  },
  {
    id: "mirror",
    label: "mirrored",
    kind: "alignment",
    what: "left and right exchanged",
    apply: ({ crop }) => mirror(crop),
  },
  realigned("turned", "alignment turned", "landmarks turned by 8°", (x, y) => {
    const [cos, sin] = [Math.cos((8 * Math.PI) / 180), Math.sin((8 * Math.PI) / 180)];
    return [cos * x - sin * y, sin * x + cos * y];
  }),
  realigned("shifted", "alignment shifted", "landmarks moved sideways by 10 % of their extent", (x, y) => [
    x + 0.1,
    y,
  ]),
  realigned(
    "zoomed",
    "alignment zoomed",
    "landmarks 12 % closer together, so the crop shows less",
    (x, y) => [x * 0.88, y * 0.88],
  ),
];

function region(id: string, label: string, what: string): Factor {
  return {
    id,
    label: `${label} masked`,
    kind: "region",
    what,
    apply: ({ crop }) => mask(crop, REGIONS[id]!),
  };
}

function pixels(
  id: string,
  label: string,
  kind: Factor["kind"],
  what: string,
  map: (value: number) => number,
): Factor {
  return { id, label, kind, what, apply: ({ crop }) => mapPixels(crop, map) };
}

/** @param move landmarks about their middle, in units of their extent */
function realigned(
  id: string,
  label: string,
  what: string,
  move: (x: number, y: number) => readonly [number, number],
): Factor {
  return {
    id,
    label,
    kind: "alignment",
    what,
    apply: ({ image, landmarks, crop }) => {
      const cx = landmarks.reduce((sum, { x }) => sum + x / 5, 0);
      const cy = landmarks.reduce((sum, { y }) => sum + y / 5, 0);
      const extent = Math.max(1e-6, ...landmarks.map(({ x, y }) => 2 * Math.hypot(x - cx, y - cy)));
      const moved = landmarks.map((point) => {
        const [x, y] = move((point.x - cx) / extent, (point.y - cy) / extent);
        return { x: cx + x * extent, y: cy + y * extent };
      });
      return alignFace(image, moved as unknown as Landmarks<"raster">, crop.width);
    },
  };
}

/** The crop with a region in the mean grey of the whole crop, so that the mask itself adds no light. */
export function mask(crop: AlignedFace, inside: Region): AlignedFace {
  const fill = meanOf(crop);
  const { width } = crop;
  return mapPixels(crop, (value, x, y) => (inside((x + 0.5) / width, (y + 0.5) / width) ? fill : value));
}

function mapPixels(crop: AlignedFace, map: (value: number, x: number, y: number) => number): AlignedFace {
  const data = new Uint8ClampedArray(crop.data.length);
  for (let y = 0, at = 0; y < crop.height; y++) {
    for (let x = 0; x < crop.width; x++) {
      for (let c = 0; c < 3; c++, at++) data[at] = map(crop.data[at]!, x, y);
    }
  }
  return asAlignedFace(new RgbImage(crop.width, crop.height, new Uint8Array(data.buffer)));
}

function grey(crop: AlignedFace): AlignedFace {
  const data = new Uint8Array(crop.data.length);
  for (let at = 0; at < data.length; at += 3) {
    const luma = 0.299 * crop.data[at]! + 0.587 * crop.data[at + 1]! + 0.114 * crop.data[at + 2]!;
    data.fill(Math.round(luma), at, at + 3);
  }
  return asAlignedFace(new RgbImage(crop.width, crop.height, data));
}

function mirror(crop: AlignedFace): AlignedFace {
  const { width, height, data } = crop;
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + width - 1 - x) * 3;
      out.set(data.subarray(from, from + 3), (y * width + x) * 3);
    }
  }
  return asAlignedFace(new RgbImage(width, height, out));
}

/** Along rows, then along columns, edges repeated. @param sigma in pixels */
function blur(crop: AlignedFace, sigma: number): AlignedFace {
  const reach = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const { width, height } = crop;
  const pass = (
    from: ArrayLike<number>,
    step: number,
    limit: number,
    place: (i: number) => number,
  ): Float32Array => {
    const out = new Float32Array(from.length);
    for (let pixel = 0; pixel < width * height; pixel++) {
      const at = place(pixel);
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let i = -reach; i <= reach; i++) {
          const moved = Math.min(limit - 1, Math.max(0, at + i));
          sum += weights[i + reach]! * from[(pixel + (moved - at) * step) * 3 + c]!;
        }
        out[pixel * 3 + c] = sum / total;
      }
    }
    return out;
  };
  const rows = pass(crop.data, 1, width, (pixel) => pixel % width);
  const both = pass(rows, width, height, (pixel) => Math.floor(pixel / width));
  return asAlignedFace(
    new RgbImage(
      width,
      height,
      Uint8Array.from(both, (value) => Math.round(value)),
    ),
  );
}

function meanOf(crop: RgbImage): number {
  let sum = 0;
  for (const value of crop.data) sum += value;
  return sum / crop.data.length;
}
