import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { asAlignedFace } from "../../align/index.ts";
import {
  intersectionOverUnion,
  isDatabaseInUse,
  type UnitVector,
  type WorkOptions,
} from "../../core/index.ts";
import { type FaceToEmbed, type Gallery, type GalleryPipeline, isKnown } from "../../gallery/index.ts";
import { readImage } from "../../image/index.ts";
import { type Pipeline, pipelineDifference } from "../../models/index.ts";
import type { Face } from "../face.ts";
import type { Recognizer } from "../recognizer.ts";

/** The report of moving a gallery to another pipeline. */
export interface ReindexReport {
  /** Faces embedded by this run. */
  readonly embedded: number;
  /** Of which from the photograph itself, and from the kept crop. */
  readonly fromPhotographs: number;
  readonly fromCrops: number;
  /** Faces with neither their photograph nor a crop as the pipeline cuts it. While there are any the gallery stays as it is. */
  readonly missing: readonly number[];
  /** True if the gallery answers with the new vectors now. */
  readonly finished: boolean;
}

/** A face of the photograph is taken for the one that was enrolled when their boxes overlap by this much. */
const SAME_BOX = 0.3;

/**
 * Embeds every face of a gallery by another pipeline, then puts the new vectors in the old ones' place in one step.
 *
 * Until that step the gallery answers with the old vectors, and faces added meanwhile are embedded too. What was done
 * is kept: a run that is interrupted goes on where it was. A kept crop stands for its photograph only where the new
 * pipeline would cut the same one.
 *
 * @param options.dropMissing delete the faces that cannot be embedded, rather than stay
 * Throws    FaceError CONFLICT while a move to yet another pipeline is under way, ABORTED
 */
export async function reindexGallery(
  gallery: Gallery,
  recognizer: Recognizer,
  options: ReindexGalleryOptions = {},
): Promise<ReindexReport> {
  const source: ReembedSource = {
    pipeline: recognizer.pipeline,
    faces: async (bytes) => (await recognizer.faces(bytes)).faces,
    crop: async (jpeg) => await embedCrop(recognizer, jpeg),
  };
  return await reindexBy(gallery, source, options);
}

/** The way a gallery is moved. */
export interface ReindexGalleryOptions extends WorkOptions {
  readonly dropMissing?: boolean | undefined;
  /** The number of faces that are embedded side by side, by whoever can. @default 1 */
  readonly abreast?: number | undefined;
}

/** Whoever makes the vectors of a gallery's next pipeline: a recognizer, or a service's workers. */
export interface ReembedSource {
  readonly pipeline: Pipeline;
  /** The faces of a photograph's bytes. */
  readonly faces: (bytes: Uint8Array) => Promise<readonly Pick<Face, "box" | "embedding">[]>;
  /** The vector of a kept crop; undefined where it is of another size than the network's. */
  readonly crop: (jpeg: Uint8Array) => Promise<UnitVector | undefined>;
}

/** {@link reindexGallery} by whoever makes vectors. */
export async function reindexBy(
  gallery: Gallery,
  source: ReembedSource,
  options: ReindexGalleryOptions = {},
): Promise<ReindexReport> {
  const { pipeline } = source;
  const done = { embedded: 0, fromPhotographs: 0, fromCrops: 0 };
  if (isKnown(gallery.pipeline) && !pipelineDifference(gallery.pipeline, pipeline)) {
    return { ...done, missing: [], finished: true };
  }
  const cropsFit = areCropsOf(gallery.pipeline, pipeline);
  const { embedded, missing, finished } = await gallery.reindex(pipeline, {
    ...options,
    embed: async (face) => {
      const photograph = await fromPhotograph(source, face);
      const vector = photograph ?? (cropsFit && face.crop ? await source.crop(face.crop) : undefined);
      if (vector) done[photograph ? "fromPhotographs" : "fromCrops"]++;
      return vector;
    },
  });
  return { ...done, embedded, missing, finished };
}

/**
 * Tells whether the crops that a gallery keeps are those that a pipeline would cut: found by the same detector, aligned by the
 * same rule, for networks of the same size.
 */
function areCropsOf(gallery: GalleryPipeline, { alignment, detector, feed }: Pipeline): boolean {
  return (
    isKnown(gallery) &&
    gallery.alignment?.template === alignment?.template &&
    gallery.alignment?.version === alignment?.version &&
    gallery.detector?.sha256 === detector?.sha256 &&
    gallery.feed.sizePx === feed.sizePx
  );
}

async function fromPhotograph(source: ReembedSource, face: FaceToEmbed): Promise<UnitVector | undefined> {
  const { source: path, sha256, box } = face.provenance;
  const bytes = isDatabaseInUse(path) ? undefined : await readFile(path).catch(() => undefined);
  if (!bytes || createHash("sha256").update(bytes).digest("hex") !== sha256) return undefined;
  const faces = await source.faces(bytes);
  const overlaps = faces.map((found) => intersectionOverUnion(found.box, box));
  const best = overlaps.indexOf(Math.max(...overlaps));
  return (overlaps[best] ?? 0) >= SAME_BOX ? faces[best]!.embedding : undefined;
}

/** The vector of an aligned crop's JPEG file; undefined where it is of another size than the network's. Throws FaceError BAD_IMAGE. */
export async function embedCrop(recognizer: Recognizer, jpeg: Uint8Array): Promise<UnitVector | undefined> {
  const image = await readImage(jpeg, { strict: true });
  if (image.width !== recognizer.cropSizePx) return undefined;
  const [vector] = await recognizer.embed([asAlignedFace(image)]);
  return vector!;
}
