import { type AlignedFace, alignFace, cutFaces, facePart } from "../align/index.ts";
import type { Affine, Landmarks } from "../core/index.ts";
import { type Detection, type Detector, findFaces } from "../detect/index.ts";
import type { FaceEmbedder } from "../embed/index.ts";
import {
  type ImageSource,
  openPicture,
  type Picture,
  type RawPixels,
  RgbImage,
  warpAffine,
} from "../image/index.ts";
import { DEFAULT_MODELS, type ModelStore } from "../models/index.ts";
import {
  chooseFace,
  type FaceChoice,
  type FaceFinderOptions,
  type FaceQuality,
  faceQuality,
  openDetector,
  openEmbedder,
} from "../recognise/index.ts";
import { frameToPicture } from "./arrangement.ts";
import type { JudgeSpec } from "./judge.ts";
import { protocolPlanes } from "./protocol-input.ts";
import { FaceTracker } from "./video/face-tracker.ts";

/** The face of a picture that was measured, with what explains most drops of a score. */
export interface FaceFacts extends Pick<Detection<"image">, "box" | "score" | "landmarks"> {
  readonly quality: FaceQuality;
  /** Faces that the picture has. */
  readonly found: number;
}

/** A picture as the judges saw it. */
export type SeenPicture =
  | {
      readonly kind: "face";
      readonly width: number;
      readonly height: number;
      /** Undefined of a picture that was arranged already. */
      readonly face: FaceFacts | undefined;
      /** A unit vector of each judge, in their order. */
      readonly vectors: readonly Float32Array[];
    }
  | { readonly kind: "no-face"; readonly width: number; readonly height: number };

/** Options of a reader that can be handed to another thread. */
export interface ReaderOptions
  extends Omit<FaceFinderOptions, "store" | "onWarning" | "onProgress" | "signal"> {
  readonly judges: readonly JudgeSpec[];
  /** The face that counts in a picture with several. */
  readonly face: FaceChoice;
  /** Pictures are frames of the protocol already. */
  readonly aligned: boolean;
}

/** Side of the crop that sharpness and light are measured in. */
const MEASURED_PX = 112;
/** Of a photograph too large to be held, the part around a face: a frame with hair and chin, and a margin. */
const PART_PX = 448;
const PART_ROOM = 2.6;

/** A network and how its pictures are made. */
interface OpenJudge {
  readonly spec: JudgeSpec;
  readonly embedder: FaceEmbedder;
}

/**
 * One picture's journey to every judge: read, the face found once, then for each its frame, its crop, its vector. Works on
 * the calling thread.
 */
export class FaceReader {
  readonly #detector: Detector | undefined;
  readonly #judges: readonly OpenJudge[];
  readonly #options: ReaderOptions;

  private constructor(detector: Detector | undefined, judges: readonly OpenJudge[], options: ReaderOptions) {
    this.#detector = detector;
    this.#judges = judges;
    this.#options = options;
  }

  static async open(store: ModelStore, options: ReaderOptions): Promise<FaceReader> {
    const detector = options.aligned
      ? undefined
      : await openDetector(store, options.detector ?? DEFAULT_MODELS.detector);
    const judges: OpenJudge[] = [];
    try {
      for (const spec of options.judges) {
        const { embedder } = await openEmbedder(store, spec.model, spec.contract);
        judges.push({ spec, embedder });
      }
    } catch (error) {
      await Promise.all([detector?.close(), ...judges.map(({ embedder }) => embedder.close())]);
      throw error;
    }
    return new FaceReader(detector, judges, options);
  }

  /** Throws FaceError BAD_FILE, BAD_IMAGE, SHAPE for an arranged picture that is not square, SEVERAL_FACES. */
  async read(source: ImageSource): Promise<SeenPicture> {
    const picture = await openPicture(source, this.#options);
    const { width, height } = picture;
    if (!this.#detector) {
      const frame = await picture.whole(Math.max(width, height));
      return { kind: "face", width, height, face: undefined, vectors: await this.#arranged(frame) };
    }
    const { faces, image } = await findFaces(this.#detector, picture, this.#options);
    const face = chooseFace(faces, this.#options.face, picture);
    if (!face) return { kind: "no-face", width, height };
    return await this.seen(picture, image, face, faces.length);
  }

  /** A face that is known already. @param image the whole picture, where it is held */
  private async seen(
    picture: Picture,
    image: RgbImage | undefined,
    face: Detection<"image">,
    found: number,
  ): Promise<SeenPicture> {
    const { width, height } = picture;
    const view = new FaceView(picture, image, face.landmarks);
    const vectors: Float32Array[] = [];
    for (const judge of this.#judges) vectors.push(await vectorOf(judge, view));
    const { box, score, landmarks } = face;
    const quality = faceQuality(face, await view.aligned(MEASURED_PX), picture);
    return { kind: "face", width, height, face: { box, score, landmarks, quality, found }, vectors };
  }

  /**
   * Frames of one video, one after the other.
   *
   * @param track the face is looked for around its last place, and in the whole frame only where it is lost
   */
  async readFrames(frames: readonly RawPixels[], track: boolean): Promise<SeenPicture[]> {
    const tracker = track && this.#detector ? new FaceTracker(this.#detector, this.#options) : undefined;
    const seen: SeenPicture[] = [];
    for (const { data, width, height } of frames) {
      const image = new RgbImage(width, height, new Uint8Array(data.buffer, data.byteOffset, data.length));
      const tracked = await tracker?.next(image);
      const picture = tracked
        ? await this.seen(await openPicture(image, this.#options), image, tracked, 1)
        : await this.read(image);
      if (!tracked && tracker) tracker.follow(picture.kind === "face" ? picture.face : undefined);
      seen.push(picture);
    }
    return seen;
  }

  async #arranged(frame: RgbImage): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (const { spec, embedder } of this.#judges) {
      const planes = protocolPlanes(spec.protocol, frame, embedder.sizePx);
      vectors.push(await only(embedder.embedPlanes([planes.data], spec)));
    }
    return vectors;
  }

  async close(): Promise<void> {
    await Promise.all([this.#detector?.close(), ...this.#judges.map(({ embedder }) => embedder.close())]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function vectorOf({ spec, embedder }: OpenJudge, view: FaceView): Promise<Float32Array> {
  const { protocol } = spec;
  const { arrangement, sidePx } = protocol.frame;
  const plain =
    arrangement.kind === "template" &&
    arrangement.templates === undefined &&
    arrangement.shrink === undefined;
  // As every recognizer does it: the vector is the same to the last bit.
  if (plain && (sidePx === null || sidePx === embedder.sizePx) && !protocol.crop && !protocol.resize)
    return await only(embedder.embedMeasured([await view.aligned(embedder.sizePx)], spec));
  const frame = await view.frame(arrangement, sidePx ?? embedder.sizePx);
  const planes = protocolPlanes(protocol, frame, embedder.sizePx);
  return await only(embedder.embedPlanes([planes.data], spec));
}

async function only(measured: Promise<{ readonly vector: ArrayLike<number> }[]>): Promise<Float32Array> {
  return Float32Array.from((await measured)[0]!.vector);
}

/** A face in its picture, drawn as each judge wants it; what several want is drawn once. */
class FaceView {
  readonly #picture: Picture;
  readonly #image: RgbImage | undefined;
  readonly #landmarks: Landmarks<"image">;
  readonly #crops = new Map<number, AlignedFace>();

  constructor(picture: Picture, image: RgbImage | undefined, landmarks: Landmarks<"image">) {
    this.#picture = picture;
    this.#image = image;
    this.#landmarks = landmarks;
  }

  async aligned(sizePx: number): Promise<AlignedFace> {
    const known = this.#crops.get(sizePx);
    if (known) return known;
    const crop = this.#image
      ? alignFace(this.#image, this.#landmarks as unknown as Landmarks<"raster">, sizePx)
      : (await cutFaces(this.#picture, [this.#landmarks], sizePx))[0]!;
    this.#crops.set(sizePx, crop);
    return crop;
  }

  async frame(arrangement: JudgeSpec["protocol"]["frame"]["arrangement"], sidePx: number): Promise<RgbImage> {
    const part = this.#image
      ? { image: this.#image, landmarks: this.#landmarks as unknown as Landmarks<"raster"> }
      : await facePart(this.#picture, this.#landmarks, PART_PX, PART_ROOM);
    const from: Affine<"crop", "raster"> = frameToPicture(part.landmarks, arrangement, sidePx);
    return warpAffine(part.image, from, sidePx, sidePx);
  }
}
