import type { Box } from "../../core/index.ts";
import { type Detection, type Detector, findFaceAgain, type LookOptions } from "../../detect/index.ts";
import type { RgbImage } from "../../image/index.ts";

/** Follows one face from frame to frame: the detector looks for it about where it was, and where it is not sure, it is lost. */
export class FaceTracker {
  readonly #detector: Detector;
  readonly #options: LookOptions;
  #last: Box<"image"> | undefined;

  constructor(detector: Detector, options: LookOptions) {
    this.#detector = detector;
    this.#options = options;
  }

  /** The next frame is looked at around this face. */
  follow(face: Pick<Detection<"image">, "box"> | undefined): void {
    this.#last = face?.box;
  }

  /** The face in the next frame; undefined where it is lost, and the whole frame has to be looked at. */
  async next(frame: RgbImage): Promise<Detection<"image"> | undefined> {
    if (!this.#last) return undefined;
    const face = await findFaceAgain(this.#detector, frame, this.#last, this.#options);
    this.follow(face);
    return face;
  }
}
