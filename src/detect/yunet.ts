import type { Box, Landmarks, Point } from "../core/index.ts";
import { type RgbImage, resampleBox } from "../image/index.ts";
import type { FloatTensor, Session } from "../onnx/index.ts";
import { type Detection, type DetectOptions, type Detector, smallestFace } from "./detector.ts";
import { mergeScales } from "./merge-scales.ts";
import { isWholeIn, overlapFor, SHARED_RANGE, tilesOf } from "./tiles.ts";

/** Thresholds and sizes of {@link YunetDetector}. */
export const YUNET_DEFAULTS = {
  scoreThreshold: 0.6,
  overlapThreshold: 0.45,
  containedThreshold: 0.6,
} as const;

const STRIDES = [8, 16, 32] as const;
/** The network's picture sides are multiples of its largest stride. */
const SIDE_MULTIPLE = 32;
/** A face is found reliably when it is this wide in the picture the network sees, in pixels. */
const SMALLEST_SEEN = 12;
/** Longest side of the picture that the network sees: larger faces need a coarser view, in pixels. */
const COARSE_SIDE = 320;
const FINEST_SIDE = 1920;

/**
 * YuNet: one anchor-free network, run on a fine view of the picture for small faces and on a coarse one, with a
 * margin, for faces that fill it.
 *
 * Source    Wu, Peng, Yu: "YuNet: a tiny millisecond-level face detector", 2023; outputs of libfacedetection.train.
 *           BGR bytes 0…255 unscaled; score √(cls · obj); boxes as centre offset and log size in strides
 */
export class YunetDetector implements Detector {
  readonly id: string;
  readonly #input: string;
  readonly #session: Session;

  /** Takes over the session: closing the detector closes it. */
  constructor(id: string, input: string, session: Session) {
    this.id = id;
    this.#input = input;
    this.#session = session;
  }

  async detect(image: RgbImage, options: DetectOptions = {}): Promise<Detection<"raster">[]> {
    const { overlapThreshold: overlap, containedThreshold: contained } = YUNET_DEFAULTS;
    // Enlarged when that brings the smallest face asked for up to what the network sees.
    const smallest = smallestFace(image, options);
    const longest = Math.max(image.width, image.height);
    const wanted = longest * Math.max(1, SMALLEST_SEEN / smallest);
    const fine = Math.min(wanted, FINEST_SIDE);
    const found = await this.#detectAt(image, whole(image), fine / longest);
    const margin = 0.25 * longest;
    const coarse = Math.min(COARSE_SIDE, fine) / (longest + 2 * margin);
    found.push(...(await this.#detectAt(image, whole(image, margin), coarse)));
    if (longest * (SMALLEST_SEEN / smallest) > FINEST_SIDE)
      found.push(...(await this.#detectInTiles(image, smallest, (SMALLEST_SEEN * longest) / FINEST_SIDE)));
    return mergeScales(found, { overlap, contained });
  }

  /** Faces from `smallest` on that are too small in a view of the whole, which shows those from `seen` on. */
  async #detectInTiles(image: RgbImage, smallest: number, seen: number): Promise<Detection<"raster">[]> {
    const scale = Math.min(1, SMALLEST_SEEN / smallest);
    const largest = SHARED_RANGE * seen;
    const picture = { width: image.width, height: image.height, rowsAlong: "x" } as const;
    const found: Detection<"raster">[] = [];
    for (const tile of tilesOf<"raster">(picture, (FINEST_SIDE / scale) ** 2, overlapFor(largest))) {
      const inTile = await this.#detectAt(image, tile, scale);
      found.push(...inTile.filter(({ box }) => isWholeIn(box, tile, picture, largest)));
    }
    return found;
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  /**
   * @param box what to look at, which may reach beyond the picture
   * @param scale pixels of the network's picture per pixel of the raster
   */
  async #detectAt(image: RgbImage, box: Box<"raster">, scale: number): Promise<Detection<"raster">[]> {
    const width = roundUp(box.width * scale);
    const height = roundUp(box.height * scale);
    const view = { x: box.x, y: box.y, width: width / scale, height: height / scale };
    const planes = new Float32Array(3 * width * height);
    resampleBox(image, view, width, height, { data: planes, offset: 0, order: "yx", mean: 0, scale: 1 });
    const result = await this.#session.run({
      [this.#input]: { dims: [1, 3, height, width], data: swapRedAndBlue(planes) },
    });
    const found: Detection<"raster">[] = [];
    for (const stride of STRIDES) {
      const [cls, obj, bbox, kps] = ["cls", "obj", "bbox", "kps"].map(
        (name) => (result[`${name}_${stride}`] as FloatTensor).data,
      ) as [Float32Array, Float32Array, Float32Array, Float32Array];
      const columns = width / stride;
      for (let cell = 0; cell < cls.length; cell++) {
        const score = Math.sqrt(Math.max(0, cls[cell]!) * Math.max(0, obj[cell]!));
        if (score < YUNET_DEFAULTS.scoreThreshold) continue;
        const column = cell % columns;
        const row = Math.floor(cell / columns);
        const toRaster = (x: number, y: number): Point<"raster"> => ({
          x: ((column + x) * stride) / scale + view.x,
          y: ((row + y) * stride) / scale + view.y,
        });
        const centre = toRaster(bbox[4 * cell]!, bbox[4 * cell + 1]!);
        const boxWidth = (Math.exp(bbox[4 * cell + 2]!) * stride) / scale;
        const boxHeight = (Math.exp(bbox[4 * cell + 3]!) * stride) / scale;
        const landmarks = Array.from({ length: 5 }, (_, k) =>
          toRaster(kps[10 * cell + 2 * k]!, kps[10 * cell + 2 * k + 1]!),
        );
        found.push({
          box: {
            x: centre.x - boxWidth / 2,
            y: centre.y - boxHeight / 2,
            width: boxWidth,
            height: boxHeight,
          },
          score: Math.min(1, score),
          landmarks: landmarks as unknown as Landmarks<"raster">,
        });
      }
    }
    return found;
  }
}

function whole(image: RgbImage, border = 0): Box<"raster"> {
  return { x: -border, y: -border, width: image.width + 2 * border, height: image.height + 2 * border };
}

function roundUp(side: number): number {
  return Math.max(1, Math.ceil(side / SIDE_MULTIPLE)) * SIDE_MULTIPLE;
}

function swapRedAndBlue(planes: Float32Array): Float32Array {
  const plane = planes.length / 3;
  const red = planes.slice(0, plane);
  planes.copyWithin(0, 2 * plane);
  planes.set(red, 2 * plane);
  return planes;
}
