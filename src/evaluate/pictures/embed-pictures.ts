import { join } from "node:path";
import { alignmentTemplate, asAlignedFace } from "../../align/index.ts";
import { FaceError, throwIfAborted, type WorkOptions, wordsOf } from "../../core/index.ts";
import type { MeasuredVector } from "../../embed/index.ts";
import { type ImageSource, type RgbImage, readImage, warpAffine } from "../../image/index.ts";
import { DEFAULT_MODELS, ModelStore, type Pipeline, sha256, sha256OfFile } from "../../models/index.ts";
import {
  chooseFace,
  type Face,
  FaceCache,
  type FaceChoice,
  faceCacheNameOf,
  openEmbedder,
  type Photograph,
  pipelineOfCrops,
  poolOptionsAmong,
  type RecognizerOptions,
  RecognizerPool,
} from "../../recognise/index.ts";
import type { ListedPicture } from "../protocols/index.ts";
import type { MeasuredPicture, PictureFace } from "./picture-face.ts";

/** Options for turning the pictures of a protocol into vectors. */
export interface EmbedPicturesOptions extends RecognizerOptions {
  /** The face that counts in a picture with several; protocols with one person a picture put it in the middle. @default "central" */
  readonly face?: FaceChoice | undefined;
  /** Pictures are aligned crops already: nothing is looked for in them. @default false */
  readonly aligned?: boolean | undefined;
  /** Pictures side by side. @default one per core */
  readonly workers?: number | undefined;
}

/** Every picture's face, in order, and what they were computed with. */
export interface MeasuredPictures {
  readonly pipeline: Pipeline;
  readonly measured: readonly MeasuredPicture[];
  /** The number that was computed now; the others were known from an earlier run. */
  readonly computed: number;
  /** Says why the vectors could not be kept for the next run; undefined when they were. */
  readonly notKept?: string | undefined;
}

/** Limits of an aligned crop: sixteen are decoded side by side, and crops are small. */
const CROP_LIMITS = { maxPixels: 1 << 22, strict: true } as const;
/** Aligned crops in one run of the network. */
const BATCH = 16;

/**
 * Finds and embeds the face of every picture. Faces of pictures that were embedded before, by their bytes, are taken from the
 * store's folder `evaluations/`.
 *
 * A picture without a face, or that cannot be decoded, is an answer and stays in the list.
 *
 * Throws    as `Recognizer.open`; FaceError BAD_FILE for a picture that is not there, ABORTED
 */
export async function embedPictures(
  pictures: readonly ListedPicture[],
  options: EmbedPicturesOptions = {},
): Promise<MeasuredPictures> {
  const store = options.store ?? new ModelStore();
  const digests = await digestsOf(pictures, options);
  const source = options.aligned
    ? await alignedFaces({ ...options, store })
    : await photographFaces({ ...options, store });
  await using _ = source;
  const faces = new Map<string, PictureFace>();
  const read = (photograph: Photograph<Face>): PictureFace =>
    options.aligned ? faceOfCrop(photograph) : faceOf(photograph, options.face ?? "central");
  const path = join(store.home, "evaluations", faceCacheNameOf(source.pipeline));
  const cache = await FaceCache.open(path, source.pipeline).catch(asFailure);
  let failure = cache instanceof FaceError ? cache : undefined;
  const todo: ListedPicture[] = [];
  const digestOf = new Map<ListedPicture, string>();
  for (const [i, picture] of pictures.entries()) {
    const digest = digests[i]!;
    if (faces.has(digest)) continue;
    const known = cache instanceof FaceError ? undefined : cache.get(digest);
    faces.set(digest, known ? read(known) : { kind: "no-face" });
    if (known) continue;
    todo.push(picture);
    digestOf.set(picture, digest);
  }
  let done = 0;
  try {
    for await (const { picture, found } of source.faces(todo)) {
      const digest = digestOf.get(picture)!;
      faces.set(digest, found instanceof FaceError ? unreadable(found) : read(found));
      // A picture that could not be read is tried again next time.
      if (!(found instanceof FaceError) && !(cache instanceof FaceError)) {
        if (!failure) await cache.add(digest, found).catch((error: unknown) => (failure = asFailure(error)));
      }
      options.onProgress?.({ stage: "embed", done: ++done, total: todo.length });
    }
  } finally {
    if (!(cache instanceof FaceError)) await cache.close();
  }
  return {
    pipeline: source.pipeline,
    measured: digests.map((digest) => ({ sha256: digest, face: faces.get(digest)! })),
    computed: todo.length,
    ...(failure && { notKept: failure.message }),
  };
}

/** Without its cache an evaluation takes longer, nothing else: it goes on, and the reason is passed on. */
function asFailure(error: unknown): FaceError {
  if (error instanceof FaceError && error.code === "STORAGE") return error;
  throw error;
}

/** Source of faces: photographs or aligned crops. */
interface FaceSource extends AsyncDisposable {
  readonly pipeline: Pipeline;
  faces(
    pictures: readonly ListedPicture[],
  ): AsyncGenerator<{ readonly picture: ListedPicture; readonly found: Photograph<Face> | FaceError }>;
}

async function photographFaces(options: EmbedPicturesOptions): Promise<FaceSource> {
  const pool = await RecognizerPool.open(poolOptionsAmong(options));
  return {
    pipeline: pool.pipeline,
    async *faces(pictures) {
      const paths = pictures.map(({ name, source }) => {
        if (typeof source === "string") return source;
        throw new FaceError("USAGE", {
          where: name,
          expected: "a file",
          got: "bytes",
          note: "only aligned pictures may lie inside a file",
        });
      });
      let at = 0;
      for await (const result of pool.faces(paths, { signal: options.signal })) {
        const found = result.kind === "failed" ? result.error : result.photograph;
        yield { picture: pictures[at++]!, found };
      }
    },
    [Symbol.asyncDispose]: async () => await pool.close(),
  };
}

function faceOf(photograph: Photograph<Face>, choice: FaceChoice): PictureFace {
  if (choice === "only" && photograph.faces.length > 1) {
    return { kind: "unreadable", reason: wordsOf({ expected: "one face", got: photograph.faces.length }) };
  }
  const face = chooseFace(photograph.faces, choice, photograph);
  return face
    ? { kind: "face", embedding: face.embedding, norm: face.norm ?? 1, score: face.score, box: face.box }
    : { kind: "no-face" };
}

/** The face that a picture is. */
function faceOfCrop({ faces: [face] }: Photograph<Face>): PictureFace {
  if (!face) return { kind: "no-face" };
  return { kind: "face", embedding: face.embedding, norm: face.norm ?? 1, score: face.score };
}

async function alignedFaces(options: EmbedPicturesOptions & { store: ModelStore }): Promise<FaceSource> {
  const { embedder, network } = await openEmbedder(
    options.store,
    options.model ?? DEFAULT_MODELS.embedder,
    options.contract,
    options,
  );
  const flip = options.flip ?? false;
  const crop = async (source: ImageSource): Promise<RgbImage | FaceError> => {
    try {
      return asAlignedFace(toSquare(await readImage(source, CROP_LIMITS), embedder.sizePx));
    } catch (error) {
      if (error instanceof FaceError && error.code === "BAD_IMAGE") return error;
      throw error;
    }
  };
  return {
    pipeline: pipelineOfCrops(network, flip),
    async *faces(pictures) {
      for (let start = 0; start < pictures.length; start += BATCH) {
        throwIfAborted(options.signal);
        const batch = pictures.slice(start, start + BATCH);
        const crops = await Promise.all(batch.map(({ source }) => crop(source)));
        const whole = crops.flatMap((own) => (own instanceof FaceError ? [] : [asAlignedFace(own)]));
        const vectors = await embedder.embedMeasured(whole, { flip });
        let at = 0;
        for (const [i, own] of crops.entries()) {
          const found = own instanceof FaceError ? own : photographOf(vectors[at++]!, embedder.sizePx);
          yield { picture: batch[i]!, found };
        }
      }
    },
    [Symbol.asyncDispose]: async () => await embedder.close(),
  };
}

/** A crop as a photograph that is one face: all of it, with the landmarks where the template has them. */
function photographOf({ vector, norm }: MeasuredVector, sizePx: number): Photograph<Face> {
  const [width, height] = [sizePx, sizePx];
  const landmarks = alignmentTemplate(sizePx) as unknown as Face["landmarks"];
  return {
    width,
    height,
    faces: [{ box: { x: 0, y: 0, width, height }, score: 1, landmarks, embedding: vector, norm }],
  };
}

/** The middle square of a picture at the size of the network's input. */
function toSquare(image: RgbImage, sizePx: number): RgbImage {
  if (image.width === sizePx && image.height === sizePx) return image;
  const side = Math.min(image.width, image.height);
  const step = side / sizePx;
  const from = { a: step, b: 0, c: (image.width - side) / 2, d: 0, e: step, f: (image.height - side) / 2 };
  return warpAffine(image, from, sizePx, sizePx);
}

/** One picture that cannot be read counts as a failure; anything else is a reason to stop. */
function unreadable(error: FaceError): PictureFace {
  if (error.code === "BAD_IMAGE" || error.code === "ZERO_VECTOR")
    return { kind: "unreadable", reason: error.message };
  throw error;
}

async function digestsOf(
  pictures: readonly ListedPicture[],
  { signal, onProgress }: WorkOptions,
): Promise<string[]> {
  const digests: string[] = [];
  const atOnce = 16;
  for (let start = 0; start < pictures.length; start += atOnce) {
    throwIfAborted(signal);
    const batch = pictures.slice(start, start + atOnce);
    digests.push(
      ...(await Promise.all(
        batch.map(({ source }) => (typeof source === "string" ? digestOfFile(source) : sha256(source))),
      )),
    );
    onProgress?.({ stage: "read", done: digests.length, total: pictures.length });
  }
  return digests;
}

async function digestOfFile(path: string): Promise<string> {
  try {
    return await sha256OfFile(path);
  } catch (cause) {
    throw new FaceError("BAD_FILE", {
      where: path,
      expected: "a picture that can be read",
      got: "none",
      cause,
    });
  }
}
