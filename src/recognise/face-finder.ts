import { alignFace, cutFaces } from "../align/index.ts";
import { type Box, FaceError, type Landmarks, type WorkOptions } from "../core/index.ts";
import {
  type Detection,
  type Detector,
  type FoundFaces,
  faceInBox,
  findFaces,
  type LookOptions,
} from "../detect/index.ts";
import { type ImageSource, openPicture, type Picture, type ReadImageOptions } from "../image/index.ts";
import { DEFAULT_MODELS, ModelStore } from "../models/index.ts";
import type { FaceCrop } from "./face.ts";
import { openDetector } from "./open-models.ts";
import { checkRecognizerOptions } from "./recognizer-options.ts";

/** A fault of a picture that was read all the same. */
export interface PictureWarning {
  /** The picture's path; undefined for one that came as bytes or pixels. */
  readonly path: string | undefined;
  /** A sentence without the path. */
  readonly message: string;
}

/** Options for finding faces. */
export interface FaceFinderOptions extends LookOptions, ReadImageOptions, WorkOptions {
  /** Id of a detection model. @default "mtcnn-rfb" */
  readonly detector?: string | undefined;
  /** Told of every picture that was read though something is wrong with it. */
  readonly onWarning?: ((warning: PictureWarning) => void) | undefined;
  /** Store of models. @default the platform's cache folder */
  readonly store?: ModelStore | undefined;
}

/** A photograph's faces with the photograph's size. */
export interface Photograph<F> {
  readonly width: number;
  readonly height: number;
  /** By falling score of the detector; empty when there is no face. */
  readonly faces: readonly F[];
  /** Faults of the picture though it could be read, a sentence each; absent when there are none. */
  readonly warnings?: readonly string[];
}

/**
 * The first half of an image's journey: read, detect, align.
 *
 * ```ts
 * import { FaceFinder } from "arcface-ts";
 *
 * await using finder = await FaceFinder.open();
 * const { faces } = await finder.detect("party.jpg");
 * for (const { box, score } of faces) console.log(box, score);
 * ```
 */
export class FaceFinder {
  readonly #detector: Detector;
  readonly #options: FaceFinderOptions;
  #closed = false;

  private constructor(detector: Detector, options: FaceFinderOptions) {
    this.#detector = detector;
    this.#options = options;
  }

  /** Throws FaceError MODEL_UNKNOWN, LICENCE, NETWORK, MODEL_DAMAGED, STORAGE, BAD_MODEL, USAGE. */
  static async open(options: FaceFinderOptions = {}): Promise<FaceFinder> {
    checkRecognizerOptions("FaceFinder.open", options);
    const store = options.store ?? new ModelStore();
    return new FaceFinder(
      await openDetector(store, options.detector ?? DEFAULT_MODELS.detector, options),
      options,
    );
  }

  /** The faces of a photograph. Throws FaceError BAD_FILE, BAD_IMAGE, USAGE, CLOSED. */
  async detect(source: ImageSource): Promise<Photograph<Detection<"image">>> {
    const { picture, faces } = await this.#find(source);
    return this.#photograph(source, picture, faces);
  }

  /**
   * The faces of a photograph, cut out upright.
   *
   * @param sizePx side of the crops, a multiple of 112 or 128
   * @param box looks for one face there alone, as `faceInBox` does
   */
  async align(source: ImageSource, sizePx = 112, box?: Box<"image">): Promise<Photograph<FaceCrop>> {
    const { picture, faces, image } = await this.#find(source, box);
    const landmarks = faces.map((face) => face.landmarks);
    const crops = image
      ? landmarks.map((points) => alignFace(image, points as unknown as Landmarks<"raster">, sizePx))
      : await cutFaces(picture, landmarks, sizePx);
    return this.#photograph(
      source,
      picture,
      faces.map((face, i) => ({ ...face, crop: crops[i]! })),
    );
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

  async #find(source: ImageSource, box?: Box<"image">): Promise<FoundFaces & { picture: Picture }> {
    if (this.#closed)
      throw new FaceError("CLOSED", {
        where: "faces",
        expected: "an open recognizer",
        got: "one that was closed",
      });
    const picture = await openPicture(source, this.#options);
    const found = box
      ? await faceInBox(this.#detector, picture, box, this.#options)
      : await findFaces(this.#detector, picture, this.#options);
    return { picture, ...found };
  }

  #photograph<F>(
    source: ImageSource,
    { width, height, warnings }: Picture,
    faces: readonly F[],
  ): Photograph<F> {
    tellWarnings(typeof source === "string" ? source : undefined, warnings, this.#options);
    return { width, height, faces, ...(warnings.length > 0 ? { warnings } : {}) };
  }
}

/** Tells whoever asked for it what is wrong with a picture. */
export function tellWarnings(
  path: string | undefined,
  warnings: readonly string[] | undefined,
  { onWarning }: Pick<FaceFinderOptions, "onWarning">,
): void {
  for (const message of warnings ?? []) onWarning?.({ path, message });
}
