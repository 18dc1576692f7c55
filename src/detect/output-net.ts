import type { Box, Landmarks, Point } from "../core/index.ts";
import { type RgbImage, resampleBox } from "../image/index.ts";
import type { FloatTensor, Session } from "../onnx/index.ts";
import type { Detection } from "./detector.ts";

/** A network that looks at square crops, with the names of what goes in and comes out. */
export interface CropNet {
  readonly session: Session;
  readonly input: string;
  /** [N, 2]; index 1 is a face. */
  readonly probability: string;
  /** [N, 4]: corrections of left, top, right, bottom in box sides. */
  readonly regression: string;
}

/** Names of the last network of the cascade. */
export interface OutputNetNames extends CropNet {
  /** [N, 10]: five x, then five y, in box sides. */
  readonly landmarks: string;
}

/** Corrections of a box's left, top, right and bottom, in its sides. */
export type Correction = readonly [left: number, top: number, right: number, bottom: number];

const SIZE = 48;
/** Crops of one run through a network; bounds memory when a picture yields thousands of candidates. */
const BATCH = 64;

/**
 * The last network of MTCNN, which looks at each box alone: is it a face, where exactly, and where are its landmarks.
 * A judge of boxes from anywhere.
 *
 * Source    Zhang et al., arXiv:1604.02878
 */
export class OutputNet {
  readonly #net: OutputNetNames;

  constructor(net: OutputNetNames) {
    this.#net = net;
  }

  /** The network's answers about boxes, in their order. @param squares boxes as wide as high */
  async look(image: RgbImage, squares: readonly Box<"raster">[]): Promise<Detection<"raster">[]> {
    const seen: Detection<"raster">[] = [];
    for await (const { boxes, result } of runOnCrops(this.#net, image, squares, SIZE)) {
      const { probability, regression, landmarks } = this.#net;
      boxes.forEach((box, i) => {
        seen.push({
          box: correct(box, quadruple(result[regression]!.data, i)),
          score: result[probability]!.data[2 * i + 1]!,
          landmarks: landmarksIn(box, result[landmarks]!.data, i),
        });
      });
    }
    return seen;
  }

  async close(): Promise<void> {
    await this.#net.session.close();
  }
}

/** Runs a network on crops of boxes, a batch at a time. */
export async function* runOnCrops(
  net: CropNet,
  image: RgbImage,
  squares: readonly Box<"raster">[],
  size: number,
): AsyncGenerator<{
  readonly boxes: readonly Box<"raster">[];
  readonly result: Record<string, FloatTensor>;
}> {
  const each = 3 * size * size;
  for (let start = 0; start < squares.length; start += BATCH) {
    const boxes = squares.slice(start, start + BATCH);
    const data = new Float32Array(boxes.length * each);
    boxes.forEach((box, i) => {
      const target = { data, offset: i * each, order: "xy", mean: 127.5, scale: 1 / 128 } as const;
      resampleBox(image, box, size, size, target);
    });
    const dims = [boxes.length, 3, size, size];
    yield { boxes, result: await net.session.run({ [net.input]: { dims, data } }) };
  }
}

/** The correction of one of many boxes. */
export function quadruple(data: Float32Array, index: number): Correction {
  return [data[4 * index]!, data[4 * index + 1]!, data[4 * index + 2]!, data[4 * index + 3]!];
}

/** Moves the four sides by the network's corrections, which are in units of the box. */
export function correct(box: Box<"raster">, [left, top, right, bottom]: Correction): Box<"raster"> {
  return {
    x: box.x + box.width * left,
    y: box.y + box.height * top,
    width: box.width * (1 + right - left),
    height: box.height * (1 + bottom - top),
  };
}

/** The square about a box's middle. @param side in pixels; the longer side of the box when it is left out */
export function square(box: Box<"raster">, side = Math.max(box.width, box.height)): Box<"raster"> {
  return { x: box.x + (box.width - side) / 2, y: box.y + (box.height - side) / 2, width: side, height: side };
}

function landmarksIn(box: Box<"raster">, data: Float32Array, index: number): Landmarks<"raster"> {
  const at = 10 * index;
  const points = Array.from(
    { length: 5 },
    (_, k): Point<"raster"> => ({
      x: box.x + box.width * data[at + k]!,
      y: box.y + box.height * data[at + 5 + k]!,
    }),
  );
  return points as unknown as Landmarks<"raster">;
}
