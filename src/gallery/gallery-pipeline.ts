import { createHash } from "node:crypto";
import { z } from "zod";
import { FaceError, UNIT_TOLERANCE, type UnitVector } from "../core/index.ts";
import { type Pipeline, PipelineSchema, pipelineDifference, pipelineDigest } from "../models/index.ts";

/**
 * The pipeline that made a gallery's vectors. Vectors made in any other way cannot be compared with them and are refused.
 *
 * A gallery of an earlier version names its model only: nothing is known to compare with its vectors.
 */
export type GalleryPipeline = Pipeline | UnknownPipeline;

/** An earlier version's statement about its vectors. */
export interface UnknownPipeline {
  readonly model: Pick<Pipeline["model"], "id" | "dimension">;
  /** Digest of how pictures were fed to the model; without alignment and detector. */
  readonly preprocessing: string;
}

/** The form in which an earlier version wrote it. */
const EarlierSchema = z
  .strictObject({
    model: z.string().min(1),
    dimension: z.number().int().min(2).max(8192),
    metric: z.literal("cosine"),
    preprocessing: z.string().min(1),
  })
  .transform(
    ({ model, dimension, preprocessing }): UnknownPipeline => ({
      model: { id: model, dimension },
      preprocessing,
    }),
  );

const StoredSchema: z.ZodType<GalleryPipeline> = z.union([PipelineSchema, EarlierSchema]);

/** A gallery's pipeline as it is read back from a database. Throws FaceError BAD_FILE. */
export function storedPipeline(where: string, value: unknown): GalleryPipeline {
  const parsed = StoredSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new FaceError("BAD_FILE", {
    where,
    expected: "the pipeline of a gallery's vectors",
    got: "something else",
    note: "use a newer arcface if the gallery was made by one",
  });
}

/** Tells whether a gallery says what made its vectors. */
export function isKnown(pipeline: GalleryPipeline): pipeline is Pipeline {
  return !("preprocessing" in pipeline);
}

/** 64 hexadecimal digits that stand for what made a gallery's vectors. */
export function galleryDigest(pipeline: GalleryPipeline): string {
  if (isKnown(pipeline)) return pipelineDigest(pipeline);
  return createHash("sha256").update(JSON.stringify(pipeline)).digest("hex");
}

/**
 * Throws FaceError MODEL_MISMATCH unless vectors of a pipeline compare with those of a gallery; a gallery of an
 * earlier version is refused, for it does not say how its faces were found and aligned.
 */
export function expectPipeline(where: string, gallery: GalleryPipeline, got: Pipeline): void {
  if (!isKnown(gallery)) {
    throw new FaceError("MODEL_MISMATCH", {
      where,
      expected: "a gallery that says what made its vectors",
      got: `one of ${gallery.model.id} from before galleries said so`,
      note: '"gallery reindex" makes them anew from the photographs',
    });
  }
  const difference = pipelineDifference(gallery, got);
  if (difference?.level !== "vectors") return;
  throw new FaceError("MODEL_MISMATCH", {
    where,
    expected: `vectors of ${gallery.model.id} (${gallery.model.dimension}) as the gallery's`,
    got: `vectors of ${got.model.id} (${got.model.dimension}): the gallery was ${difference.words}`,
    note: '"gallery reindex" moves a gallery to another pipeline',
  });
}

/** Throws FaceError MODEL_MISMATCH when a gallery was moved to another pipeline since it was opened. */
export function expectUnmoved(where: string, now: GalleryPipeline, opened: GalleryPipeline): void {
  if (galleryDigest(now) === galleryDigest(opened)) return;
  throw new FaceError("MODEL_MISMATCH", {
    where,
    expected: `vectors of ${opened.model.id} as when it was opened`,
    got: `a gallery that was moved to ${now.model.id} since`,
    note: "open it again",
  });
}

/**
 * Tells whether a move that is under way makes room for another one: when nobody can finish it, because its pipeline is not
 * known or its alignment is another than what runs.
 */
export function isStranded(next: GalleryPipeline, { alignment }: Pipeline): boolean {
  return !isKnown(next) || next.alignment?.version !== alignment?.version;
}

/**
 * Throws FaceError SHAPE for a vector of another dimension, ZERO_VECTOR for one with numbers that are none or a length
 * other than 1.
 */
export function expectVector(where: string, { model }: GalleryPipeline, vector: UnitVector): void {
  const { dimension } = model;
  if (vector.length !== dimension)
    throw new FaceError("SHAPE", {
      where,
      expected: `a vector of dimension ${dimension}`,
      got: vector.length,
    });
  let square = 0;
  for (let i = 0; i < dimension; i++) {
    if (!Number.isFinite(vector[i]))
      throw new FaceError("ZERO_VECTOR", { where, expected: "finite numbers", got: vector[i]! });
    square += vector[i]! * vector[i]!;
  }
  if (!(Math.abs(square - 1) <= UNIT_TOLERANCE))
    throw new FaceError("ZERO_VECTOR", {
      where,
      expected: "a vector of length 1",
      got: `squared length ${square}`,
    });
}
