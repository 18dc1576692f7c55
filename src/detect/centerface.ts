import { intersectionOverUnion } from "../core/index.ts";
import type { RgbImage } from "../image/index.ts";
import type { CenterFaceNet } from "./centerface-net.ts";
import { type Detection, type DetectOptions, type Detector, smallestFace } from "./detector.ts";
import type { LandmarkNet } from "./landmark-net.ts";
import { landmarksApart, meanLandmarks, rollOf } from "./mean-landmarks.ts";
import { suppressNonMaxima } from "./non-maximum-suppression.ts";
import { type OutputNet, square } from "./output-net.ts";
import { looksAt } from "./view.ts";

/** Thresholds that decide whether a box is a face. */
export const CENTERFACE_DEFAULTS = {
  sure: 0.4,
  /** Doubtful boxes are faces when the judge, MTCNN's last network, says so. */
  doubtful: 0.25,
  judgeInFavour: 0.5,
  overlapThreshold: 0.3,
  /**
   * Two networks that put landmarks further apart than this, in heights of the box, do not see an upright face: of 100 upright
   * ones of LFW the furthest were 0.04, of the same upside down the nearest 0.12.
   */
  apart: 0.08,
} as const;

/** A face whose landmarks are in doubt keeps this share of its score. */
const DOUBTED = 0.5;

/** A face is seen reliably when it is this wide in the view, in pixels. */
const SMALLEST_SEEN = 20;

/** CenterFace, with a judge of its doubtful boxes; landmarks are the mean of three networks'. */
export class CenterFaceDetector implements Detector {
  readonly id: string;
  /** Its scores are lower than other detectors': the 100 upright faces had 0.68 or more, doubted ones never have half of 1. */
  readonly sure = 0.6;
  readonly #net: CenterFaceNet;
  readonly #judge: OutputNet;
  readonly #points: LandmarkNet;

  /** Takes over the networks: closing the detector closes them. */
  constructor(id: string, net: CenterFaceNet, judge: OutputNet, points: LandmarkNet) {
    this.id = id;
    this.#net = net;
    this.#judge = judge;
    this.#points = points;
  }

  async detect(image: RgbImage, options: DetectOptions = {}): Promise<Detection<"raster">[]> {
    const { sure, doubtful, judgeInFavour, overlapThreshold, apart } = CENTERFACE_DEFAULTS;
    const seen: Detection<"raster">[] = [];
    for (const look of looksAt(image, smallestFace(image, options), SMALLEST_SEEN))
      seen.push(...(await this.#net.candidates(image, look, doubtful)));
    const boxes = suppressNonMaxima(seen, overlapThreshold, intersectionOverUnion);
    const looks = await this.#judge.look(
      image,
      boxes.map(({ box }) => square(box)),
    );
    const faces: Detection<"raster">[] = [];
    for (const [i, face] of boxes.entries()) {
      const look = looks[i]!;
      if (face.score < sure && look.score < judgeInFavour) continue;
      const points = await this.#points.locate(image, face.box, rollOf(face.landmarks));
      const doubted = landmarksApart(look.landmarks, points) > apart * face.box.height;
      faces.push({
        ...face,
        score: doubted ? DOUBTED * face.score : face.score,
        landmarks: meanLandmarks([face.landmarks, look.landmarks, points]),
      });
    }
    return faces.sort((a, b) => b.score - a.score);
  }

  async close(): Promise<void> {
    await Promise.all([this.#net.close(), this.#judge.close(), this.#points.close()]);
  }
}
