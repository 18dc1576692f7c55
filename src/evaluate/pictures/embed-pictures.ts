import { join } from "node:path";
import { asAlignedFace } from "../../align/index.ts";
import { FaceError, throwIfAborted, type WorkOptions } from "../../core/index.ts";
import { type ImageSource, type RgbImage, readImage, warpAffine } from "../../image/index.ts";
import { DEFAULT_MODELS, ModelStore, type Pipeline, sha256, sha256OfFile } from "../../models/index.ts";
import {
  chooseFace,
  type FaceChoice,
  openEmbedder,
  type PhotographResult,
  pipelineOfCrops,
  type RecognizerOptions,
  RecognizerPool,
} from "../../recognise/index.ts";
import type { Picture } from "../protocols/index.ts";
import { EmbeddingCache } from "./embedding-cache.ts";
import type { MeasuredPicture, PictureFace } from "./picture-face.ts";

/** How the pictures of a protocol become vectors. */
export interface EmbedPicturesOptions extends RecognizerOptions {
  /** Which face counts in a picture with several; protocols with one person a picture put it in the middle. @default "central" */
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
  /** How many were computed now; the others were known from an earlier run. */
  readonly computed: number;
}

/** What an aligned crop may be: sixteen are decoded side by side, and crops are small. */
const CROP_LIMITS = { maxPixels: 1 << 22 } as const;
/** Aligned crops in one run of the network. */
const BATCH = 16;
/** New faces after which the cache is written, so that a run that is stopped is not lost. */
const SAVE_EVERY = 2_000;

/**
 * Finds and embeds the face of every picture. Faces of pictures that were embedded before, by their bytes, are taken from the
 * store's folder `evaluations/`.
 *
 * A picture without a face, or that cannot be decoded, is an answer and stays in the list.
 *
 * Throws    as `Recognizer.open`; FaceError BAD_FILE for a picture that is not there, ABORTED
 */
export async function embedPictures(
  pictures: readonly Picture[],
  options: EmbedPicturesOptions = {},
): Promise<MeasuredPictures> {
  const store = options.store ?? new ModelStore();
  const digests = await digestsOf(pictures, options);
  const source = options.aligned
    ? await alignedFaces({ ...options, store })
    : await photographFaces({ ...options, store });
  await using _ = source;
  const choice = {
    face: options.face ?? "central",
    minFacePx: options.minFacePx,
    aligned: options.aligned ?? false,
  };
  const cache = await EmbeddingCache.open(join(store.home, "evaluations"), source.pipeline, choice);
  const faces = new Map<string, PictureFace>();
  const todo: Picture[] = [];
  const digestOf = new Map<Picture, string>();
  for (const [i, picture] of pictures.entries()) {
    const digest = digests[i]!;
    if (faces.has(digest)) continue;
    const known = cache.get(digest);
    faces.set(digest, known ?? { kind: "no-face" });
    if (known) continue;
    todo.push(picture);
    digestOf.set(picture, digest);
  }
  let done = 0;
  try {
    for await (const { picture, face } of source.faces(todo)) {
      const digest = digestOf.get(picture)!;
      faces.set(digest, face);
      cache.set(digest, face);
      if (++done % SAVE_EVERY === 0) await cache.save();
      options.onProgress?.({ stage: "embed", done, total: todo.length });
    }
  } finally {
    await cache.save();
  }
  return {
    pipeline: source.pipeline,
    measured: digests.map((digest) => ({ sha256: digest, face: faces.get(digest)! })),
    computed: todo.length,
  };
}

/** Where faces come from: photographs or aligned crops. */
interface FaceSource extends AsyncDisposable {
  readonly pipeline: Pipeline;
  faces(
    pictures: readonly Picture[],
  ): AsyncGenerator<{ readonly picture: Picture; readonly face: PictureFace }>;
}

async function photographFaces(options: EmbedPicturesOptions): Promise<FaceSource> {
  const pool = await RecognizerPool.open(options);
  const choice = options.face ?? "central";
  return {
    pipeline: pool.pipeline,
    async *faces(pictures) {
      const paths = pictures.map(({ name, source }) => {
        if (typeof source === "string") return source;
        throw new FaceError(
          "USAGE",
          `${name}: expected a file, got bytes; only aligned pictures may lie inside a file`,
        );
      });
      let at = 0;
      for await (const result of pool.faces(paths, { signal: options.signal })) {
        yield { picture: pictures[at++]!, face: faceOf(result, choice) };
      }
    },
    [Symbol.asyncDispose]: async () => await pool.close(),
  };
}

function faceOf(result: PhotographResult, choice: FaceChoice): PictureFace {
  if (result.kind === "failed") return unreadable(result.error);
  const { photograph } = result;
  if (choice === "only" && photograph.faces.length > 1) {
    return { kind: "unreadable", reason: `expected one face, got ${photograph.faces.length}` };
  }
  const face = chooseFace(photograph.faces, choice, photograph);
  return face
    ? { kind: "face", embedding: face.embedding, norm: face.norm ?? 1, score: face.score, box: face.box }
    : { kind: "no-face" };
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
      return asAlignedFace(toSquare(await readImage(source, CROP_LIMITS), embedder.contract.input.sizePx));
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
          if (own instanceof FaceError) yield { picture: batch[i]!, face: unreadable(own) };
          else {
            const { vector, norm } = vectors[at++]!;
            yield { picture: batch[i]!, face: { kind: "face", embedding: vector, norm, score: 1 } };
          }
        }
      }
    },
    [Symbol.asyncDispose]: async () => await embedder.close(),
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
  pictures: readonly Picture[],
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
    throw new FaceError("BAD_FILE", `${path}: expected a picture that can be read, got none`, { cause });
  }
}
