import { type Box, intersectionOverSmaller, intersectionOverUnion } from "../core/index.ts";
import type { RgbImage } from "../image/index.ts";
import { type Detection, type DetectOptions, type Detector, smallestFace } from "./detector.ts";
import type { LandmarkNet } from "./landmark-net.ts";
import { meanLandmarks, rollOf } from "./mean-landmarks.ts";
import type { MtcnnDetector } from "./mtcnn.ts";
import { type ScoredBox, suppressNonMaxima } from "./non-maximum-suppression.ts";
import { square } from "./output-net.ts";
import type { RfbNet } from "./rfb-net.ts";
import { looksAt } from "./view.ts";

/** Thresholds that decide whether a box is a face; each score is of another network. */
export const MTCNN_RFB_DEFAULTS = {
  /** MTCNN's own boxes: sure alone, or where the other network sees a face too. */
  mtcnnAlone: 0.95,
  rfbAgrees: 0.3,
  /** Boxes that MTCNN missed: the other network sure and the judge not against it, or the judge in favour. */
  rfbSure: 0.9,
  judgeNotAgainst: 0.3,
  rfbDoubtful: 0.3,
  judgeInFavour: 0.7,
} as const;

/** Overlap from which two boxes are of one face. */
const SAME_FACE = 0.3;
/** A face is seen reliably when it is this wide in the view, in pixels. */
const SMALLEST_SEEN = 12;

/**
 * Two detectors that were built differently, MTCNN's cascade and a single-shot network over anchors, and a judge of what
 * only one of them sees: the cascade's last network. Landmarks are the mean of the cascade's and of a 68-point network's.
 *
 * MTCNN misses plain faces that the other finds, behind tinted glasses for example; the other finds shirts and hands that
 * the judge throws out.
 */
export class MtcnnRfbDetector implements Detector {
  readonly id: string;
  readonly #mtcnn: MtcnnDetector;
  readonly #rfb: RfbNet;
  readonly #points: LandmarkNet;

  /** Takes over the networks: closing the detector closes them. */
  constructor(id: string, mtcnn: MtcnnDetector, rfb: RfbNet, points: LandmarkNet) {
    this.id = id;
    this.#mtcnn = mtcnn;
    this.#rfb = rfb;
    this.#points = points;
  }

  async detect(image: RgbImage, options: DetectOptions = {}): Promise<Detection<"raster">[]> {
    const limits = MTCNN_RFB_DEFAULTS;
    const cascade = await this.#mtcnn.detect(image, options);
    const others = await this.#others(image, options);
    const sure = cascade.filter(
      ({ box, score }) =>
        score >= limits.mtcnnAlone ||
        others.some((other) => other.score >= limits.rfbAgrees && sameFace(other.box, box)),
    );
    const missed = others.filter(({ box }) => !sure.some((face) => sameFace(face.box, box)));
    const faces = [...sure, ...(await this.#judged(image, missed))].sort((a, b) => b.score - a.score);
    return await this.#located(image, faces);
  }

  /** Of a face that the cascade is sure of alone the other network's opinion changes nothing. */
  async detectAgain(
    image: RgbImage,
    face: Box<"raster">,
    options: DetectOptions = {},
  ): Promise<Detection<"raster">[]> {
    const faces = await this.#mtcnn.detectAgain(image, face, options);
    return await this.#located(
      image,
      faces.filter(({ score }) => score >= MTCNN_RFB_DEFAULTS.mtcnnAlone),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#mtcnn.close(), this.#rfb.close(), this.#points.close()]);
  }

  async #located(image: RgbImage, faces: readonly Detection<"raster">[]): Promise<Detection<"raster">[]> {
    const located: Detection<"raster">[] = [];
    for (const face of faces) {
      const points = await this.#points.locate(image, face.box, rollOf(face.landmarks));
      located.push({ ...face, landmarks: meanLandmarks([face.landmarks, points]) });
    }
    return located;
  }

  async locate(image: RgbImage, box: Box<"raster">): Promise<Detection<"raster">> {
    const [look] = await this.#mtcnn.look(image, [square(box)]);
    const { score, box: seen, landmarks } = look!;
    if (score >= MTCNN_RFB_DEFAULTS.judgeInFavour) {
      const points = await this.#points.locate(image, seen, rollOf(landmarks));
      return { box, score, landmarks: meanLandmarks([landmarks, points]) };
    }
    // Where the cascade sees no face its landmarks are not worth much either.
    const upright = await this.#points.locate(image, box, 0);
    return { box, score, landmarks: await this.#points.locate(image, box, rollOf(upright)) };
  }

  /** Boxes that the single-shot network sees. */
  async #others(image: RgbImage, options: DetectOptions): Promise<ScoredBox[]> {
    const seen: ScoredBox[] = [];
    for (const look of looksAt(image, smallestFace(image, options), SMALLEST_SEEN))
      seen.push(...(await this.#rfb.candidates(image, look, MTCNN_RFB_DEFAULTS.rfbDoubtful)));
    return suppressNonMaxima(seen, 0.4, intersectionOverUnion);
  }

  async #judged(image: RgbImage, candidates: readonly ScoredBox[]): Promise<Detection<"raster">[]> {
    const limits = MTCNN_RFB_DEFAULTS;
    const looks = await this.#mtcnn.look(
      image,
      candidates.map(({ box }) => square(box)),
    );
    const faces = candidates.flatMap(({ box, score }, i): Detection<"raster">[] => {
      const look = looks[i]!;
      const accepted =
        (score >= limits.rfbSure && look.score >= limits.judgeNotAgainst) ||
        look.score >= limits.judgeInFavour;
      // Both scores count: a sure box that the judge doubts is less certain than one that both are sure of.
      return accepted ? [{ box, score: (score + look.score) / 2, landmarks: look.landmarks }] : [];
    });
    return suppressNonMaxima(faces, 0.7, intersectionOverSmaller);
  }
}

function sameFace(a: Box<"raster">, b: Box<"raster">): boolean {
  return intersectionOverUnion(a, b) > SAME_FACE || intersectionOverSmaller(a, b) > 0.7;
}
