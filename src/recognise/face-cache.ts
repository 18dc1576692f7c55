import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import { asUnitVector, FaceError, type Landmarks, parseJson, readLines } from "../core/index.ts";
import { type Pipeline, PipelineSchema, pipelineDigest } from "../models/index.ts";
import type { Face } from "./face.ts";
import type { Photograph } from "./face-finder.ts";

/** The name of a cache of faces in a folder of its own user. */
export const FACE_CACHE_NAME = "faces.cache.jsonl";

/** The name of a cache in a folder with those of other pipelines. */
export function faceCacheNameOf(pipeline: Pipeline): string {
  return `${pipelineDigest(pipeline)}.jsonl`;
}

const HeaderSchema = z.strictObject({
  format: z.literal("arcface-faces"),
  version: z.literal(1),
  pipeline: PipelineSchema,
});
/** A cache larger than this is not ours to read into memory. */
const MAX_BYTES = 2 ** 32;

const finite = z.number();
const LineSchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  warnings: z.array(z.string()).optional(),
  faces: z
    .array(
      z.strictObject({
        box: z.tuple([finite, finite, finite, finite]),
        score: finite,
        landmarks: z.array(finite).length(10),
        norm: finite.optional(),
        /** Float32, little-endian, in base64. */
        embedding: z.base64(),
      }),
    )
    .max(10_000),
});

/**
 * The faces of pictures by the pictures' content, for one pipeline: a file of one JSON object a line after a header.
 *
 * Derived data: a file of another pipeline or version is started anew, a damaged line counts as not there, neither is an
 * error. What was looked at before an interruption is found again.
 */
export class FaceCache {
  readonly #path: string;
  readonly #photographs: Map<string, Photograph<Face>>;
  readonly #file: FileHandle;

  private constructor(path: string, photographs: Map<string, Photograph<Face>>, file: FileHandle) {
    this.#path = path;
    this.#photographs = photographs;
    this.#file = file;
  }

  /** Makes the folder when it is not there. Throws FaceError STORAGE when the file cannot be written. */
  static async open(path: string, pipeline: Pipeline): Promise<FaceCache> {
    const { photographs, torn } = await read(path, pipeline);
    try {
      if (!photographs) {
        await mkdir(dirname(path), { recursive: true });
        const header: z.infer<typeof HeaderSchema> = { format: "arcface-faces", version: 1, pipeline };
        await writeFileAtomic(path, `${JSON.stringify(header)}\n`);
      }
      const file = await open(path, "a");
      if (torn) await file.appendFile("\n");
      return new FaceCache(path, photographs ?? new Map(), file);
    } catch (cause) {
      throw storageError(path, cause);
    }
  }

  /** The faces of the picture whose bytes have this hash; undefined when it was not looked at yet. */
  get(sha256: string): Photograph<Face> | undefined {
    return this.#photographs.get(sha256);
  }

  /** Keeps the faces of a picture, none perhaps. Throws FaceError STORAGE when they cannot be written. */
  async add(sha256: string, { width, height, faces, warnings }: Photograph<Face>): Promise<void> {
    const rest = { width, height, ...(warnings && { warnings }) };
    this.#photographs.set(sha256, { ...rest, faces });
    try {
      await this.#file.appendFile(`${JSON.stringify({ sha256, ...rest, faces: faces.map(encode) })}\n`);
    } catch (cause) {
      throw storageError(this.#path, cause);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The contents of a cache; undefined when it has to be started anew. */
async function read(
  path: string,
  pipeline: Pipeline,
): Promise<{ photographs: Map<string, Photograph<Face>> | undefined; torn: boolean }> {
  const anew = { photographs: undefined, torn: false };
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size > MAX_BYTES) return anew;
  const photographs = new Map<string, Photograph<Face>>();
  let first = true;
  let torn = false;
  try {
    for await (const text of readLines(path)) {
      if (first) {
        if (!isHeaderOf(text, pipeline)) return anew;
        first = false;
        continue;
      }
      const known = decode(text, pipeline.model.dimension);
      torn = known === undefined;
      if (known) photographs.set(known.sha256, known.photograph);
    }
  } catch {
    return anew;
  }
  return { photographs: first ? undefined : photographs, torn };
}

function isHeaderOf(text: string, pipeline: Pipeline): boolean {
  try {
    return pipelineDigest(HeaderSchema.parse(parseJson(text)).pipeline) === pipelineDigest(pipeline);
  } catch {
    return false;
  }
}

function encode({
  box,
  score,
  landmarks,
  norm,
  embedding,
}: Face): z.infer<typeof LineSchema>["faces"][number] {
  const bytes = Buffer.alloc(4 * embedding.length);
  for (let i = 0; i < embedding.length; i++) bytes.writeFloatLE(embedding[i]!, 4 * i);
  return {
    box: [box.x, box.y, box.width, box.height],
    score,
    landmarks: landmarks.flatMap(({ x, y }) => [x, y]),
    ...(norm !== undefined && { norm }),
    embedding: bytes.toString("base64"),
  };
}

function decode(
  text: string,
  dimension: number,
): { readonly sha256: string; readonly photograph: Photograph<Face> } | undefined {
  try {
    const { sha256, faces, warnings, ...size } = LineSchema.parse(parseJson(text));
    const found = faces.map((face) => decodeFace(face, dimension));
    return { sha256, photograph: { ...size, ...(warnings && { warnings }), faces: found } };
  } catch {
    return undefined;
  }
}

/** Throws for a vector of another dimension or length. */
function decodeFace(
  { box, score, landmarks, norm, embedding }: z.infer<typeof LineSchema>["faces"][number],
  dimension: number,
): Face {
  const bytes = Buffer.from(embedding, "base64");
  if (bytes.length !== 4 * dimension)
    throw new FaceError("SHAPE", { where: "cache", expected: `${4 * dimension} bytes`, got: bytes.length });
  const [x, y, width, height] = box;
  const points = Array.from({ length: 5 }, (_, i) => ({ x: landmarks[2 * i]!, y: landmarks[2 * i + 1]! }));
  return {
    box: { x, y, width, height },
    score,
    landmarks: points as unknown as Landmarks<"image">,
    ...(norm !== undefined && { norm }),
    embedding: asUnitVector(Float32Array.from({ length: dimension }, (_, i) => bytes.readFloatLE(4 * i))),
  };
}

function storageError(path: string, cause: unknown): FaceError {
  return new FaceError("STORAGE", { where: path, expected: "a file that can be written", cause });
}
