import type { AlignedFace } from "../align/index.ts";
import {
  type Box,
  checkOptions,
  cosine,
  FaceError,
  OPTION_KINDS,
  type OptionKind,
  type UnitVector,
} from "../core/index.ts";
import type { Detection } from "../detect/index.ts";
import type { EmbedOptions, FaceEmbedder, MeasuredVector } from "../embed/index.ts";
import type { ImageSource } from "../image/index.ts";
import {
  type Calibration,
  type ContractOptions,
  DEFAULT_MODELS,
  ModelStore,
  type Pipeline,
} from "../models/index.ts";
import { judge, type Verdict } from "../verdict/index.ts";
import { chooseFace, FACE_RULES, type Face, type FaceChoice, type FaceCrop } from "./face.ts";
import { FaceFinder, type FaceFinderOptions, type Photograph } from "./face-finder.ts";
import { faceQuality } from "./face-quality.ts";
import { findJudge, type Judge, type VerdictOptions } from "./find-judge.ts";
import { expectEmbedder, openEmbedder } from "./open-models.ts";
import { pipelineOf } from "./pipeline-of.ts";
import { checkRecognizerOptions } from "./recognizer-options.ts";
import type { PhotographHit, PhotographIndex } from "./search-photographs.ts";

/** Options of a recognizer; every field has a default. */
export interface RecognizerOptions extends FaceFinderOptions, EmbedOptions, VerdictOptions {
  /** Id of an embedding model, or the path of a network file of one's own: ONNX, TFLite, PyTorch, safetensors. @default "fr-feature-512" */
  readonly model?: string | undefined;
  /** The contract of a network file, as far as no card beside it gives it. */
  readonly contract?: ContractOptions | undefined;
}

const FACE: OptionKind = {
  expected: `${FACE_RULES.join(", ")}, a face's number, or a point`,
  is: (value) =>
    (FACE_RULES as readonly unknown[]).includes(value) ||
    (Number.isInteger(value) && Number(value) >= 0) ||
    (typeof value === "object" && value !== null && "x" in value && "y" in value),
};

/** One face for both photographs, or one for each. */
const FACES: OptionKind = {
  expected: `${FACE.expected}; or two of them`,
  is: (value) => FACE.is(value) || (isPair(value) && value.every((choice) => FACE.is(choice))),
};

/** The result of comparing two photographs. A photograph without a face is an answer, not an error. */
export type Comparison =
  | {
      readonly kind: "compared";
      /** In [−1, 1]; comparable only between vectors of one model. */
      readonly cosine: number;
      readonly faces: readonly [Face, Face];
      /** The number of faces that each photograph has: of several, `options.face` chose one, the largest unless it says otherwise. */
      readonly found: readonly [number, number];
      readonly model: string;
      /**
       * The score's meaning, when the model was calibrated or the caller gave a threshold; absent otherwise: the score
       * is then uncalibrated, and there is no yes or no.
       */
      readonly verdict?: Verdict;
    }
  | { readonly kind: "no-face"; readonly missing: readonly ("a" | "b")[]; readonly model: string };

/**
 * An image's journey: read, detect, align (all three in `FaceFinder`), embed, compare.
 *
 * Work runs on the calling thread; for many photographs use `RecognizerPool`.
 *
 * ```ts
 * import { Recognizer } from "arcface-ts";
 *
 * await using recognizer = await Recognizer.open();
 * const result = await recognizer.compare("passport.jpg", "selfie.jpg");
 * if (result.kind === "compared") console.log(result.cosine, result.verdict?.same);
 * ```
 */
export class Recognizer {
  readonly #finder: FaceFinder;
  readonly #embedder: FaceEmbedder;
  readonly #options: EmbedOptions & VerdictOptions;
  readonly #judge: Judge;
  /** The pipeline that made the vectors: they are compared with those of the same pipeline only. */
  readonly pipeline: Pipeline;

  private constructor(
    finder: FaceFinder,
    embedder: FaceEmbedder,
    pipeline: Pipeline,
    judge: Judge,
    options: EmbedOptions & VerdictOptions,
  ) {
    this.#finder = finder;
    this.#embedder = embedder;
    this.#options = options;
    this.#judge = judge;
    this.pipeline = pipeline;
  }

  /**
   * Opens the models, downloading them when they are not there yet.
   *
   * Throws    FaceError MODEL_UNKNOWN, LICENCE, NETWORK, MODEL_DAMAGED, STORAGE, BAD_MODEL, BAD_CONTRACT,
   *           MODEL_MISMATCH for a calibration of another model, USAGE for options that there are not or of another kind
   */
  static async open(options: RecognizerOptions = {}): Promise<Recognizer> {
    checkRecognizerOptions("Recognizer.open", options);
    const store = options.store ?? new ModelStore();
    const name = options.model ?? DEFAULT_MODELS.embedder;
    await expectEmbedder(store, name);
    const finder = await FaceFinder.open({ ...options, store });
    try {
      const { embedder, network, path } = await openEmbedder(store, name, options.contract, options);
      const pipeline = pipelineOf(store, network, options);
      try {
        const judge = await findJudge(store, pipeline, path, options.calibration);
        return new Recognizer(finder, embedder, pipeline, judge, options);
      } catch (error) {
        await embedder.close();
        throw error;
      }
    } catch (error) {
      await finder.close();
      throw error;
    }
  }

  /** Known facts about scores of this model; undefined when it was not calibrated, see {@link uncalibrated}. */
  get calibration(): Calibration | undefined {
    return this.#judge.kind === "calibrated" ? this.#judge.calibration : undefined;
  }

  /** Says why there is no calibration; undefined when there is one. */
  get uncalibrated(): string | undefined {
    return this.#judge.kind === "uncalibrated" ? this.#judge.reason : undefined;
  }

  /** The meaning of a cosine between two of this recognizer's vectors; undefined when that is not known. */
  verdict(cosine: number): Verdict | undefined {
    return judge(cosine, { calibration: this.calibration, threshold: this.#options.threshold });
  }

  /** The network that the vectors come from: vectors of different models cannot be compared. */
  get model(): string {
    return this.#embedder.id;
  }

  /** Length of the vectors. */
  get dimension(): number {
    return this.#embedder.dimension;
  }

  /** Side of the aligned crops that the model takes, in pixels. */
  get cropSizePx(): number {
    return this.#embedder.sizePx;
  }

  /** The faces of a photograph with their embeddings. Throws FaceError BAD_FILE, BAD_IMAGE, CLOSED. */
  async faces(source: ImageSource): Promise<Photograph<Face>> {
    const photograph = await this.portraits(source);
    return { ...photograph, faces: photograph.faces.map(({ crop: _, ...face }) => face) };
  }

  /**
   * The faces of a photograph with their embeddings and the crops these were made from.
   *
   * @param box looks for one face there alone: somebody sees one where the detector finds none
   */
  async portraits(source: ImageSource, box?: Box<"image">): Promise<Photograph<Face & FaceCrop>> {
    const photograph = await this.#finder.align(source, this.cropSizePx, box);
    const measured = await this.#embedder.embedMeasured(
      photograph.faces.map((face) => face.crop),
      this.#options,
    );
    return {
      ...photograph,
      faces: photograph.faces.map((face, i) => {
        const { vector, norm } = measured[i]!;
        const quality = faceQuality(face, face.crop, photograph);
        return { ...face, embedding: vector, norm, quality };
      }),
    };
  }

  /** The faces of a photograph without embeddings. */
  async detect(source: ImageSource): Promise<Photograph<Detection<"image">>> {
    return await this.#finder.detect(source);
  }

  /** The faces of a photograph, cut out upright as the model wants them. */
  async align(source: ImageSource): Promise<Photograph<FaceCrop>> {
    return await this.#finder.align(source, this.cropSizePx);
  }

  /**
   * The similarity of the faces of two photographs.
   *
   * @param options `face` counts in both photographs; of two, the first in `a` and the second in `b`
   * Throws    FaceError SEVERAL_FACES when `face` is "only" and a photograph has several, USAGE for another choice
   */
  async compare(
    a: ImageSource,
    b: ImageSource,
    options: { readonly face?: FaceChoice | readonly [a: FaceChoice, b: FaceChoice] } = {},
  ): Promise<Comparison> {
    checkOptions("Recognizer.compare", options, { face: FACES });
    const { face = "largest" } = options;
    const choices = isPair(face) ? face : ([face, face] as const);
    const photographs = [await this.faces(a), await this.faces(b)] as const;
    const [first, second] = photographs.map((photograph, side) => {
      try {
        return chooseFace(photograph.faces, choices[side]!, photograph);
      } catch (error) {
        const source = side === 0 ? a : b;
        throw error instanceof FaceError && typeof source === "string" ? error.withName(source) : error;
      }
    });
    const { model } = this;
    if (!first || !second) {
      return {
        kind: "no-face",
        missing: [...(first ? [] : ["a" as const]), ...(second ? [] : ["b" as const])],
        model,
      };
    }
    const score = cosine(first.embedding, second.embedding);
    const verdict = this.verdict(score);
    return {
      kind: "compared",
      cosine: score,
      faces: [first, second],
      found: [photographs[0].faces.length, photographs[1].faces.length],
      model,
      ...(verdict && { verdict }),
    };
  }

  /** Vectors of crops that are aligned already, with their lengths. Throws FaceError SHAPE, as {@link embed}. */
  async embedMeasured(crops: readonly AlignedFace[]): Promise<MeasuredVector[]> {
    return await this.#embedder.embedMeasured(crops, this.#options);
  }

  /** Vectors of crops that are aligned already. Throws FaceError SHAPE for a crop of another size than the model's. */
  async embed(crops: readonly AlignedFace[]): Promise<UnitVector[]> {
    return await this.#embedder.embed(crops, this.#options);
  }

  /**
   * The photographs of an index that resemble a photograph's face most, by falling cosine; none when it has no face.
   *
   * With a `floor` none below that cosine is told. A path that is in the index itself, by whatever spelling or link, is not among its own neighbours.
   */
  async search(
    source: ImageSource,
    index: PhotographIndex,
    options: { readonly k?: number; readonly face?: FaceChoice; readonly floor?: number } = {},
  ): Promise<PhotographHit[]> {
    checkOptions("Recognizer.search", options, {
      face: FACE,
      floor: OPTION_KINDS.number,
      k: OPTION_KINDS.count,
    });
    const photograph = await this.faces(source);
    const face = chooseFace(photograph.faces, options.face ?? "largest", photograph);
    return face
      ? index.search(
          face.embedding,
          options.k ?? 3,
          typeof source === "string" ? source : undefined,
          options.floor,
        )
      : [];
  }

  /** Closes the sessions; a second call does nothing. */
  async close(): Promise<void> {
    await Promise.all([this.#finder.close(), this.#embedder.close()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function isPair(value: unknown): value is readonly [a: FaceChoice, b: FaceChoice] {
  return Array.isArray(value) && value.length === 2;
}
