import { type Box, intersectionOverSmaller, intersectionOverUnion } from "../core/index.ts";
import { type RgbImage, resampleBox } from "../image/index.ts";
import type { FloatTensor } from "../onnx/index.ts";
import { withAgreedLandmarks } from "./agreed-landmarks.ts";
import { type Detection, type DetectOptions, type Detector, smallestFace } from "./detector.ts";
import { type ScoredBox, suppressNonMaxima } from "./non-maximum-suppression.ts";
import {
  type Correction,
  type CropNet,
  correct,
  OutputNet,
  type OutputNetNames,
  quadruple,
  runOnCrops,
  square,
} from "./output-net.ts";

/** The cascade: proposal, refinement, output. */
export interface MtcnnNets {
  /** Its outputs have a row and a column for each place: [1, x, y, 2] and [1, x, y, 4]. */
  readonly proposal: CropNet;
  readonly refinement: CropNet;
  readonly output: OutputNetNames;
}

/** Thresholds of the cascade. */
export const MTCNN_DEFAULTS = {
  /** Ratio of one face size looked for to the next. */
  pyramidFactor: 0.709,
  proposalThreshold: 0.5,
  refinementThreshold: 0.6,
  outputThreshold: 0.7,
} as const;

/** The density and the strictness with which the cascade looks. */
export type MtcnnThresholds = Readonly<Record<keyof typeof MTCNN_DEFAULTS, number>>;

/** Side of the face that the proposal network looks for, and its step, in pixels of the scaled picture. */
const PROPOSAL_WINDOW = 12;
const PROPOSAL_STRIDE = 2;
/** Pixels of a scaled picture that the proposal network sees at once: it needs some hundred bytes for each. */
const MAX_PROPOSAL_PIXELS = 1 << 20;
const REFINEMENT_SIZE = 24;

/** A candidate with the network's correction of its box still to be applied. */
interface Proposal extends ScoredBox {
  readonly correction: Correction;
}

/**
 * Multi-task cascaded convolutional networks: boxes and five landmarks at every scale from `minFacePx` to faces
 * larger than the picture.
 *
 * Source    Zhang et al., arXiv:1604.02878; the networks have height and width swapped, as the original's do
 */
export class MtcnnDetector implements Detector {
  readonly id: string;
  readonly #nets: MtcnnNets;
  readonly #output: OutputNet;
  readonly #thresholds: MtcnnThresholds;

  /** Takes over the sessions: closing the detector closes them. */
  constructor(id: string, nets: MtcnnNets, thresholds: Partial<MtcnnThresholds> = {}) {
    this.id = id;
    this.#nets = nets;
    this.#output = new OutputNet(nets.output);
    this.#thresholds = { ...MTCNN_DEFAULTS, ...thresholds };
  }

  async detect(image: RgbImage, options: DetectOptions = {}): Promise<Detection<"raster">[]> {
    const proposed = await this.#propose(image, smallestFace(image, options));
    const refined = await this.#refine(image, proposed);
    return await this.#locate(image, refined);
  }

  /** The last network's answers about boxes from elsewhere; see {@link OutputNet.look}. */
  async look(image: RgbImage, squares: readonly Box<"raster">[]): Promise<Detection<"raster">[]> {
    return await this.#output.look(image, squares);
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#nets).map((net: CropNet) => net.session.close()));
  }

  /** Slides the proposal network over the picture at every scale. */
  async #propose(image: RgbImage, smallest: number): Promise<Box<"raster">[]> {
    const all: Proposal[] = [];
    for (const facePx of pyramid(image, smallest, this.#thresholds.pyramidFactor)) {
      const found = await this.#proposeAt(image, facePx);
      all.push(...suppressNonMaxima(found, 0.5, intersectionOverUnion));
    }
    return suppressNonMaxima(all, 0.7, intersectionOverUnion).map((p) =>
      square(correct(p.box, p.correction)),
    );
  }

  async #proposeAt(image: RgbImage, facePx: number): Promise<Proposal[]> {
    const step = facePx / PROPOSAL_WINDOW;
    const view = padded(image, facePx);
    const width = Math.ceil(view.width / step);
    const height = Math.ceil(view.height / step);
    const found: Proposal[] = [];
    // Strips that share a window's width but one step: together they have every window of the whole once.
    const strip = Math.max(64, 2 * Math.floor(MAX_PROPOSAL_PIXELS / height / 2));
    for (let left = 0; left === 0 || left + PROPOSAL_WINDOW <= width; left += strip) {
      const columns = Math.min(strip + PROPOSAL_WINDOW - PROPOSAL_STRIDE, width - left);
      const part = {
        ...view,
        x: view.x + (left * view.width) / width,
        width: (columns * view.width) / width,
      };
      found.push(...(await this.#proposeIn(image, part, columns, height, facePx, view.x + left * step)));
    }
    return found;
  }

  /** @param from where the first window begins, in raster pixels from the left */
  async #proposeIn(
    image: RgbImage,
    view: Box<"raster">,
    width: number,
    height: number,
    facePx: number,
    from: number,
  ): Promise<Proposal[]> {
    const net = this.#nets.proposal;
    const step = facePx / PROPOSAL_WINDOW;
    const input = new Float32Array(3 * width * height);
    resampleBox(image, view, width, height, {
      data: input,
      offset: 0,
      order: "xy",
      mean: 127.5,
      scale: 1 / 128,
    });
    const result = await net.session.run({ [net.input]: { dims: [1, 3, width, height], data: input } });
    const probability = result[net.probability] as FloatTensor;
    const regression = result[net.regression] as FloatTensor;
    const rows = probability.dims[2]!;
    const found: Proposal[] = [];
    for (let cell = 0; 2 * cell < probability.data.length; cell++) {
      const score = probability.data[2 * cell + 1]!;
      if (score <= this.#thresholds.proposalThreshold) continue;
      const x = from + Math.floor(cell / rows) * PROPOSAL_STRIDE * step;
      const y = view.y + (cell % rows) * PROPOSAL_STRIDE * step;
      found.push({
        box: { x, y, width: facePx, height: facePx },
        score,
        correction: quadruple(regression.data, cell),
      });
    }
    return found;
  }

  async #refine(image: RgbImage, boxes: readonly Box<"raster">[]): Promise<Box<"raster">[]> {
    const net = this.#nets.refinement;
    const kept: Proposal[] = [];
    for await (const { boxes: batch, result } of runOnCrops(net, image, boxes, REFINEMENT_SIZE)) {
      batch.forEach((box, i) => {
        const score = result[net.probability]!.data[2 * i + 1]!;
        if (score <= this.#thresholds.refinementThreshold) return;
        kept.push({ box, score, correction: quadruple(result[net.regression]!.data, i) });
      });
    }
    return suppressNonMaxima(kept, 0.7, intersectionOverUnion).map((p) =>
      square(correct(p.box, p.correction)),
    );
  }

  async #locate(image: RgbImage, boxes: readonly Box<"raster">[]): Promise<Detection<"raster">[]> {
    const seen = await this.#output.look(image, boxes);
    const found = seen.filter(({ score }) => score > this.#thresholds.outputThreshold);
    return suppressNonMaxima(found, 0.7, intersectionOverSmaller).map((face) =>
      withAgreedLandmarks(face, found),
    );
  }
}

/** Face sizes to look for, from the smallest to half again the picture's shorter side. */
function* pyramid(image: RgbImage, smallest: number, factor: number): Generator<number> {
  const largest = 1.5 * Math.min(image.width, image.height);
  for (let facePx = smallest; facePx <= largest; facePx /= factor) yield facePx;
}

/** The whole picture, or, for faces nearly as large as it, the picture with a margin around it. */
function padded(image: RgbImage, facePx: number): Box<"raster"> {
  const room = 1.25 * facePx;
  const width = Math.max(image.width, room);
  const height = Math.max(image.height, room);
  return { x: (image.width - width) / 2, y: (image.height - height) / 2, width, height };
}
