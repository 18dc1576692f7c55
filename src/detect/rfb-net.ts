import type { RgbImage } from "../image/index.ts";
import type { Session } from "../onnx/index.ts";
import type { ScoredBox } from "./non-maximum-suppression.ts";
import { type Look, viewOf } from "./view.ts";

/** The network with the names of what goes in and comes out. */
export interface RfbNetNames {
  readonly session: Session;
  readonly input: string;
  /** [1, anchors, 2]: logits; index 1 is a face. */
  readonly logits: string;
  /** [1, anchors, 4]: centre in tenths of the anchor, logarithm of the size in fifths. */
  readonly offsets: string;
}

/** Sides of the anchors at each stride, in pixels of the view. */
const ANCHORS: readonly (readonly [stride: number, sides: readonly number[]])[] = [
  [8, [10, 16, 24]],
  [16, [32, 48]],
  [32, [64, 96]],
  [64, [128, 192, 256]],
];
const INPUT = { sideMultiple: 64, mean: 127, scale: 1 / 128 } as const;
const CENTRE_UNIT = 0.1;
const SIZE_UNIT = 0.2;

/**
 * A single-shot network over anchors, which looks at a view of the whole picture once. It has no landmarks.
 *
 * Source    "Ultra-Light-Fast-Generic-Face-Detector-1MB" (RFB form): anchors, variances and input. RGB, (v − 127) / 128
 */
export class RfbNet {
  readonly #net: RfbNetNames;

  constructor(net: RfbNetNames) {
    this.#net = net;
  }

  /** Boxes above a score in one view of the picture, as many as the network gives for a face. */
  async candidates(image: RgbImage, look: Look, least: number): Promise<ScoredBox[]> {
    const view = viewOf(image, look, INPUT);
    const { session, input, logits: logitsName, offsets: offsetsName } = this.#net;
    const result = await session.run({ [input]: view.feed });
    const [logits, offsets] = [result[logitsName]!.data, result[offsetsName]!.data];
    const found: ScoredBox[] = [];
    let anchor = 0;
    for (const [stride, sides] of ANCHORS) {
      const columns = Math.ceil(view.width / stride);
      const rows = Math.ceil(view.height / stride);
      for (let cell = 0; cell < columns * rows; cell++) {
        for (const side of sides) {
          const at = anchor++;
          const score = 1 / (1 + Math.exp(logits[2 * at]! - logits[2 * at + 1]!));
          if (score < least) continue;
          const x = ((cell % columns) + 0.5) * stride + CENTRE_UNIT * side * offsets[4 * at]!;
          const y = (Math.floor(cell / columns) + 0.5) * stride + CENTRE_UNIT * side * offsets[4 * at + 1]!;
          const width = side * Math.exp(SIZE_UNIT * offsets[4 * at + 2]!);
          const height = side * Math.exp(SIZE_UNIT * offsets[4 * at + 3]!);
          const corner = view.toRaster(x - width / 2, y - height / 2);
          const box = { ...corner, width: width * view.pixelPx, height: height * view.pixelPx };
          if (look.counts(box)) found.push({ box, score });
        }
      }
    }
    return found;
  }

  async close(): Promise<void> {
    await this.#net.session.close();
  }
}
