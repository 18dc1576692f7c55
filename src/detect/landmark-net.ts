import type { Box, Landmarks, Point } from "../core/index.ts";
import { type RgbImage, warpAffine } from "../image/index.ts";
import type { Session } from "../onnx/index.ts";

/** The network with the names of what goes in and comes out. */
export interface LandmarkNetNames {
  readonly session: Session;
  /** [1, 1, 64, 64], grey in 0…1. */
  readonly input: string;
  /** [1, 136]: x and y of 68 points, in sides of the crop. */
  readonly output: string;
}

const SIDE = 64;
/** The points of the 68 that the five are means of. */
const FIVE: readonly (readonly number[])[] = [
  [36, 37, 38, 39, 40, 41],
  [42, 43, 44, 45, 46, 47],
  [30],
  [48],
  [54],
];
/** Weights of R, G and B in grey, as Rec. 601 has them. */
const GREY = [0.299, 0.587, 0.114] as const;

/**
 * Finds 68 points in the crop of a face, and takes the five of an ArcFace network from them: each eye as the mean of its
 * outline. Its errors have little to do with those of a detector's own landmarks, so the mean of both is better.
 *
 * Source    order of the 68 points: the 300-W annotation
 */
export class LandmarkNet {
  readonly #net: LandmarkNetNames;

  constructor(net: LandmarkNetNames) {
    this.#net = net;
  }

  /**
   * The five landmarks of a face.
   *
   * @param box of the face; the square of its height about its middle is looked at
   * @param rollRad how far the face is turned in the picture's plane, clockwise; it is looked at upright
   */
  async locate(image: RgbImage, box: Box<"raster">, rollRad: number): Promise<Landmarks<"raster">> {
    const unit = box.height / SIDE;
    const [cos, sin] = [unit * Math.cos(rollRad), unit * Math.sin(rollRad)];
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const half = SIDE / 2;
    const from = {
      a: cos,
      b: -sin,
      c: x - half * (cos - sin),
      d: sin,
      e: cos,
      f: y - half * (sin + cos),
    };
    const crop = warpAffine(image, from, SIDE, SIDE);
    const data = new Float32Array(SIDE * SIDE);
    for (let p = 0; p < data.length; p++) {
      const [r, g, b] = [crop.data[3 * p]!, crop.data[3 * p + 1]!, crop.data[3 * p + 2]!];
      data[p] = (GREY[0] * r + GREY[1] * g + GREY[2] * b) / 256;
    }
    const { session, input, output } = this.#net;
    const points = (await session.run({ [input]: { dims: [1, 1, SIDE, SIDE], data } }))[output]!.data;
    const five = FIVE.map((members): Point<"raster"> => {
      const mean = (axis: number): number =>
        (SIDE * members.reduce((sum, m) => sum + points[2 * m + axis]!, 0)) / members.length;
      const [u, v] = [mean(0), mean(1)];
      return { x: from.a * u + from.b * v + from.c, y: from.d * u + from.e * v + from.f };
    });
    return five as unknown as Landmarks<"raster">;
  }

  async close(): Promise<void> {
    await this.#net.session.close();
  }
}
