import { type Box, intersectionOverUnion, type Landmarks, type Point } from "../../core/index.ts";
import type { Detection, Detector } from "../../detect/index.ts";
import { RgbImage } from "../../image/index.ts";

/** The part of a frame that is looked at: so many times as wide as the face in the frame before. */
const REACH = 2.2;
/** Faces from this share of the last one's width on are looked for. */
const SMALLEST = 0.5;
/** A box that overlaps the last one less is another face, or the same after a cut. */
const SAME_FACE = 0.3;
/** A face that is seen less surely is looked for in the whole frame. */
const SURE = 0.9;

/**
 * Follows one face from frame to frame: the detector looks at the part of a frame around the last place alone, for faces of
 * about that size. Where it is not sure, the face counts as lost.
 */
export class FaceTracker {
  readonly #detector: Detector;
  #last: Box<"image"> | undefined;

  constructor(detector: Detector) {
    this.#detector = detector;
  }

  /** The next frame is looked at around this face. */
  follow(face: Detection<"image"> | undefined): void {
    this.#last = face?.box;
  }

  /** The face in the next frame; undefined where it is lost, and the whole frame has to be looked at. */
  async next(frame: RgbImage): Promise<Detection<"image"> | undefined> {
    const last = this.#last;
    if (!last) return undefined;
    const part = partAround(last, frame);
    const image = cut(frame, part);
    const found = await this.#detector.detect(image, { minFacePx: SMALLEST * last.width });
    const faces = found
      .filter(({ score }) => score >= SURE)
      .map((face) => moved(face, part))
      .sort((a, b) => intersectionOverUnion(b.box, last) - intersectionOverUnion(a.box, last));
    const [best] = faces;
    const face = best && intersectionOverUnion(best.box, last) >= SAME_FACE ? best : undefined;
    this.#last = face?.box;
    return face;
  }
}

/** A square in whole pixels around a face, cut off at the frame's border. */
function partAround(face: Box<"image">, { width, height }: RgbImage): Box<"image"> {
  const side = REACH * Math.max(face.width, face.height);
  const [centreX, centreY] = [face.x + face.width / 2, face.y + face.height / 2];
  const x = Math.max(0, Math.floor(centreX - side / 2));
  const y = Math.max(0, Math.floor(centreY - side / 2));
  const right = Math.min(width, Math.ceil(centreX + side / 2));
  const bottom = Math.min(height, Math.ceil(centreY + side / 2));
  return { x, y, width: Math.max(1, right - x), height: Math.max(1, bottom - y) };
}

function cut(frame: RgbImage, { x, y, width, height }: Box<"image">): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * frame.width + x) * 3;
    data.set(frame.data.subarray(from, from + width * 3), row * width * 3);
  }
  return new RgbImage(width, height, data);
}

function moved({ box, score, landmarks }: Detection<"raster">, { x, y }: Box<"image">): Detection<"image"> {
  return {
    box: { x: box.x + x, y: box.y + y, width: box.width, height: box.height },
    score,
    landmarks: landmarks.map(
      (point): Point<"image"> => ({ x: point.x + x, y: point.y + y }),
    ) as unknown as Landmarks<"image">,
  };
}
