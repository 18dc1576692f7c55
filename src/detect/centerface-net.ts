import type { Landmarks, Point } from "../core/index.ts";
import type { RgbImage } from "../image/index.ts";
import type { Session } from "../onnx/index.ts";
import type { Detection } from "./detector.ts";
import { type Look, viewOf } from "./view.ts";

/** The network with the names of what goes in and comes out. */
export interface CenterFaceNames {
  readonly session: Session;
  readonly input: string;
  /** [1, 1, h, w]: how likely a face's middle is here, at a quarter of the view. */
  readonly heat: string;
  /** [1, 2, h, w]: logarithms of height and width, in quarters. */
  readonly size: string;
  /** [1, 2, h, w]: where in its cell the middle is, y and x. */
  readonly offset: string;
  /** [1, 10, h, w]: y and x of five points, in sides of the box from its corner. */
  readonly points: string;
}

const STRIDE = 4;
const INPUT = { sideMultiple: 32, mean: 0, scale: 1 } as const;

/**
 * CenterFace: one network without anchors; a face is the peak of a heat map.
 *
 * Source    Xu et al., arXiv:1911.03599; RGB bytes 0…255 unscaled
 */
export class CenterFaceNet {
  readonly #net: CenterFaceNames;

  constructor(net: CenterFaceNames) {
    this.#net = net;
  }

  /** Faces above a score in one view of the picture, several for a face. */
  async candidates(image: RgbImage, look: Look, least: number): Promise<Detection<"raster">[]> {
    const view = viewOf(image, look, INPUT);
    const { session, input, ...names } = this.#net;
    const result = await session.run({ [input]: view.feed });
    const [heat, size, offset, points] = [names.heat, names.size, names.offset, names.points].map(
      (name) => result[name]!.data,
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const columns = view.width / STRIDE;
    const plane = heat.length;
    const found: Detection<"raster">[] = [];
    for (let cell = 0; cell < plane; cell++) {
      const score = heat[cell]!;
      if (score < least) continue;
      const height = STRIDE * Math.exp(size[cell]!);
      const width = STRIDE * Math.exp(size[plane + cell]!);
      const top = STRIDE * (Math.floor(cell / columns) + offset[cell]! + 0.5) - height / 2;
      const left = STRIDE * ((cell % columns) + offset[plane + cell]! + 0.5) - width / 2;
      const landmarks = Array.from({ length: 5 }, (_, k): Point<"raster"> => {
        const y = points[2 * k * plane + cell]!;
        const x = points[(2 * k + 1) * plane + cell]!;
        return view.toRaster(left + x * width, top + y * height);
      });
      const box = { ...view.toRaster(left, top), width: width * view.pixelPx, height: height * view.pixelPx };
      if (!look.counts(box)) continue;
      found.push({
        box,
        score: Math.min(1, score),
        landmarks: landmarks as unknown as Landmarks<"raster">,
      });
    }
    return found;
  }

  async close(): Promise<void> {
    await this.#net.session.close();
  }
}
