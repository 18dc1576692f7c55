import { alignFace } from "../align/index.ts";
import { FaceError, type WorkOptions } from "../core/index.ts";
import type { Detection, DetectOptions, Detector } from "../detect/index.ts";
import { type ImageSource, type ReadImageOptions, type RgbImage, readImage } from "../image/index.ts";
import { DEFAULT_MODELS, ModelStore } from "../models/index.ts";
import { type FaceCrop, toPhotograph } from "./face.ts";
import { openDetector } from "./open-models.ts";

/** How faces are looked for. */
export interface FaceFinderOptions extends DetectOptions, ReadImageOptions, WorkOptions {
  /** Id of a detection model. @default "mtcnn" */
  readonly detector?: string | undefined;
  /** Where models are kept. @default the platform's cache folder */
  readonly store?: ModelStore | undefined;
}

/** A photograph's faces with the photograph's size. */
export interface Photograph<F> {
  readonly width: number;
  readonly height: number;
  /** By falling score of the detector; empty when there is no face. */
  readonly faces: readonly F[];
}

/** The first half of an image's journey: read, detect, align. */
export class FaceFinder {
  readonly #detector: Detector;
  readonly #options: FaceFinderOptions;
  #closed = false;

  private constructor(detector: Detector, options: FaceFinderOptions) {
    this.#detector = detector;
    this.#options = options;
  }

  /** Throws FaceError MODEL_UNKNOWN, LICENCE, NETWORK, MODEL_DAMAGED, STORAGE, BAD_MODEL. */
  static async open(options: FaceFinderOptions = {}): Promise<FaceFinder> {
    const store = options.store ?? new ModelStore();
    return new FaceFinder(
      await openDetector(store, options.detector ?? DEFAULT_MODELS.detector, options),
      options,
    );
  }

  /** The faces of a photograph. Throws FaceError BAD_FILE, BAD_IMAGE, CLOSED. */
  async detect(source: ImageSource): Promise<Photograph<Detection<"image">>> {
    const { image, found } = await this.#find(source);
    return { ...image.photograph, faces: found.map((detection) => toPhotograph(detection, image.scale)) };
  }

  /** The faces of a photograph, cut out upright. @param sizePx side of the crops, a multiple of 112 or 128 */
  async align(source: ImageSource, sizePx = 112): Promise<Photograph<FaceCrop>> {
    const { image, found } = await this.#find(source);
    const faces = found.map((face) => ({
      ...toPhotograph(face, image.scale),
      crop: alignFace(image, face.landmarks, sizePx),
    }));
    return { ...image.photograph, faces };
  }

  /** Closes the detector; a second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#detector.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #find(source: ImageSource): Promise<{ image: RgbImage; found: Detection<"raster">[] }> {
    if (this.#closed)
      throw new FaceError("CLOSED", "faces: expected an open recognizer, got one that was closed");
    const image = await readImage(source, this.#options);
    return { image, found: await this.#detector.detect(image, this.#options) };
  }
}
