import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { asUnitVector, FaceError, type Landmarks, reasonOf } from "../core/index.ts";
import { DEFAULT_MODELS } from "../models/index.ts";
import type { Face, Photograph, RecognizerOptions } from "../recognise/index.ts";

/** What decides which faces and vectors a photograph gives: another setting, another cache. */
export interface CacheKey {
  readonly model: string;
  readonly dimension: number;
  readonly detector: string;
  readonly minFacePx: number | null;
  readonly flip: boolean;
}

/** The name of a study's cache in its folder. */
export const CACHE_NAME = "faces.cache.jsonl";

/** The key of what a pool with these options finds. */
export function cacheKey(
  pool: { readonly model: string; readonly dimension: number },
  options: RecognizerOptions,
): CacheKey {
  return {
    model: pool.model,
    dimension: pool.dimension,
    detector: options.detector ?? DEFAULT_MODELS.detector,
    minFacePx: options.minFacePx ?? null,
    flip: options.flip ?? false,
  };
}

const FORMAT = "arcface-study-cache";
const VERSION = 1;
/** A cache larger than this is not ours to read into memory. */
const MAX_BYTES = 2 ** 32;

const Line = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  faces: z
    .array(
      z.strictObject({
        box: z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
        score: z.number(),
        landmarks: z.array(z.strictObject({ x: z.number(), y: z.number() })).length(5),
        embedding: z.array(z.number()).min(2).max(8192),
      }),
    )
    .max(10_000),
});

/**
 * The faces of photographs by the photographs' content, in a file of one JSON object a line after a header.
 *
 * Derived data: a file of another version, other settings or damaged content is started anew, never an error. What
 * was looked at before an interruption is found again.
 */
export class FaceCache {
  readonly #photographs: Map<string, Photograph<Face>>;
  readonly #file: FileHandle;

  private constructor(photographs: Map<string, Photograph<Face>>, file: FileHandle) {
    this.#photographs = photographs;
    this.#file = file;
  }

  /** Throws FaceError STORAGE when the file cannot be written. */
  static async open(path: string, key: CacheKey): Promise<FaceCache> {
    const header = JSON.stringify({ format: FORMAT, version: VERSION, ...key });
    const { photographs, torn } = await read(path, header, key.dimension);
    try {
      if (!photographs) await writeFileAtomic(path, `${header}\n`);
      const file = await open(path, "a");
      if (torn) await file.appendFile("\n");
      return new FaceCache(photographs ?? new Map(), file);
    } catch (cause) {
      throw new FaceError(
        "STORAGE",
        `${path}: expected a file that can be written, got: ${reasonOf(cause)}`,
        {
          cause,
        },
      );
    }
  }

  /** The faces of the photograph whose bytes have this hash; undefined when it was not looked at yet. */
  get(sha256: string): Photograph<Face> | undefined {
    return this.#photographs.get(sha256);
  }

  async add(sha256: string, { width, height, faces }: Photograph<Face>): Promise<void> {
    const short = (value: number): number => Number(value.toPrecision(9));
    const plain = faces.map(({ box, score, landmarks, embedding }) => ({
      box: { x: box.x, y: box.y, width: box.width, height: box.height },
      score,
      landmarks: landmarks.map(({ x, y }) => ({ x, y })),
      embedding: Array.from(embedding, short),
    }));
    this.#photographs.set(sha256, { width, height, faces });
    await this.#file.appendFile(`${JSON.stringify({ sha256, width, height, faces: plain })}\n`);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** What a cache holds; undefined when it has to be started anew. */
async function read(
  path: string,
  header: string,
  dimension: number,
): Promise<{ photographs: Map<string, Photograph<Face>> | undefined; torn: boolean }> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size > MAX_BYTES) return { photographs: undefined, torn: false };
  const photographs = new Map<string, Photograph<Face>>();
  let first = true;
  let torn = false;
  for await (const text of createInterface({ input: createReadStream(path) })) {
    if (first) {
      if (text !== header) return { photographs: undefined, torn: false };
      first = false;
      continue;
    }
    const photograph = decode(text, dimension);
    torn = photograph === undefined;
    if (photograph) photographs.set(photograph.sha256, photograph);
  }
  return { photographs: first ? undefined : photographs, torn };
}

function decode(text: string, dimension: number): (Photograph<Face> & { sha256: string }) | undefined {
  try {
    const { sha256, width, height, faces } = Line.parse(JSON.parse(text));
    if (faces.some((face) => face.embedding.length !== dimension)) return undefined;
    return {
      sha256,
      width,
      height,
      faces: faces.map((face) => ({
        ...face,
        landmarks: face.landmarks as unknown as Landmarks<"image">,
        embedding: asUnitVector(face.embedding),
      })),
    };
  } catch {
    return undefined;
  }
}
