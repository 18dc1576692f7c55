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
/** A face that was seen is looked for again with its middle this far away at most, in its sides, */
const REACH = 0.75;
/** and by windows of these multiples of its side: others that see it too agree less than its own do. */
const SIZES = [0.35, 2.8] as const;

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
    return await this.#find(image, options);
  }

  async detectAgain(
    image: RgbImage,
    face: Box<"raster">,
    options: DetectOptions = {},
  ): Promise<Detection<"raster">[]> {
    return await this.#find(image, options, face);
  }

  /** @param known only what may be this face, moved a little, is looked for: by the same windows as in the whole picture */
  async #find(
    image: RgbImage,
    options: DetectOptions,
    known?: Box<"raster">,
  ): Promise<Detection<"raster">[]> {
    const proposed = await this.#propose(image, smallestFace(image, options), known);
    const refined = await this.#refine(image, proposed);
    return await this.#locate(image, refined);
  }

  /** The last network's answers about boxes from elsewhere; see {@link OutputNet.look}. */
  async look(image: RgbImage, squares: readonly Box<"raster">[]): Promise<Detection<"raster">[]> {
    return await this.#output.look(image, squares);
  }

  async locate(image: RgbImage, box: Box<"raster">): Promise<Detection<"raster">> {
    const [look] = await this.#output.look(image, [square(box)]);
    return { ...look!, box };
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#nets).map((net: CropNet) => net.session.close()));
  }

  /** Slides the proposal network over the picture at every scale. */
  async #propose(image: RgbImage, smallest: number, known?: Box<"raster">): Promise<Box<"raster">[]> {
    const all: Proposal[] = [];
    const side = known && Math.max(known.width, known.height);
    for (const facePx of pyramid(image, smallest, this.#thresholds.pyramidFactor)) {
      if (side && (facePx < SIZES[0] * side || facePx > SIZES[1] * side)) continue;
      const found = await this.#proposeAt(image, facePx, known);
      all.push(...suppressNonMaxima(found, 0.5, intersectionOverUnion));
    }
    return suppressNonMaxima(all, 0.7, intersectionOverUnion).map((p) =>
      square(correct(p.box, p.correction)),
    );
  }

  async #proposeAt(image: RgbImage, facePx: number, known?: Box<"raster">): Promise<Proposal[]> {
    const step = facePx / PROPOSAL_WINDOW;
    const view = padded(image, facePx);
    const width = Math.ceil(view.width / step);
    const height = Math.ceil(view.height / step);
    const reach = known && REACH * Math.max(known.width, known.height) + facePx / 2;
    const columns = known
      ? stepsAround((known.x + known.width / 2 - view.x) / step, reach! / step, width)
      : { from: 0, to: width };
    const rows = known
      ? stepsAround((known.y + known.height / 2 - view.y) / step, reach! / step, height)
      : { from: 0, to: height };
    const found: Proposal[] = [];
    // Strips that share a window's width but one step: together they have every window of the whole once.
    const strip = Math.max(64, 2 * Math.floor(MAX_PROPOSAL_PIXELS / (rows.to - rows.from) / 2));
    for (
      let left = columns.from;
      left === columns.from || left + PROPOSAL_WINDOW <= columns.to;
      left += strip
    ) {
      const to = Math.min(left + strip + PROPOSAL_WINDOW - PROPOSAL_STRIDE, columns.to);
      const part = {
        x: view.x + (left * view.width) / width,
        y: view.y + (rows.from * view.height) / height,
        width: ((to - left) * view.width) / width,
        height: ((rows.to - rows.from) * view.height) / height,
      };
      const first = { x: view.x + left * step, y: view.y + rows.from * step };
      found.push(...(await this.#proposeIn(image, part, to - left, rows.to - rows.from, facePx, first)));
    }
    return found;
  }

  /** @param first where the first window begins, in raster pixels */
  async #proposeIn(
    image: RgbImage,
    part: Box<"raster">,
    width: number,
    height: number,
    facePx: number,
    first: { readonly x: number; readonly y: number },
  ): Promise<Proposal[]> {
    const net = this.#nets.proposal;
    const step = facePx / PROPOSAL_WINDOW;
    const input = new Float32Array(3 * width * height);
    resampleBox(image, part, width, height, {
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
      const x = first.x + Math.floor(cell / rows) * PROPOSAL_STRIDE * step;
      const y = first.y + (cell % rows) * PROPOSAL_STRIDE * step;
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

/**
 * The steps of the proposal network's grid around a place, at least a window and not beyond the grid's end. They begin and end
 * with whole strides, so that every window of theirs is one of the whole grid.
 */
function stepsAround(
  middle: number,
  reach: number,
  end: number,
): { readonly from: number; readonly to: number } {
  const strides = (steps: number): number => PROPOSAL_STRIDE * Math.floor(steps / PROPOSAL_STRIDE);
  const last = Math.max(0, strides(end - PROPOSAL_WINDOW));
  const from = Math.min(Math.max(0, strides(middle - reach)), last);
  const to = strides(middle + reach) + PROPOSAL_STRIDE;
  return { from, to: Math.min(Math.max(to, from + PROPOSAL_WINDOW), end) };
}
