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
  options: WorkOptions & { readonly dropMissing?: boolean | undefined } = {},
): Promise<ReindexReport> {
  const { pipeline } = recognizer;
  const done = { embedded: 0, fromPhotographs: 0, fromCrops: 0 };
  if (isKnown(gallery.pipeline) && !pipelineDifference(gallery.pipeline, pipeline)) {
    return { ...done, missing: [], finished: true };
  }
  const cropsFit = areCropsOf(gallery.pipeline, pipeline);
  const { embedded, missing, finished } = await gallery.reindex(pipeline, {
    ...options,
    embed: async (face) => {
      const found =
        (await fromPhotograph(recognizer, face)) ?? (cropsFit ? await fromCrop(recognizer, face) : undefined);
      if (found) done[found.from]++;
      return found?.vector;
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

interface Embedded {
  readonly vector: UnitVector;
  readonly from: "fromPhotographs" | "fromCrops";
}

async function fromPhotograph(recognizer: Recognizer, face: FaceToEmbed): Promise<Embedded | undefined> {
  const { source, sha256, box } = face.provenance;
  const bytes = isDatabaseInUse(source) ? undefined : await readFile(source).catch(() => undefined);
  if (!bytes || createHash("sha256").update(bytes).digest("hex") !== sha256) return undefined;
  const { faces } = await recognizer.faces(bytes);
  const overlaps = faces.map((found) => intersectionOverUnion(found.box, box));
  const best = overlaps.indexOf(Math.max(...overlaps));
  return (overlaps[best] ?? 0) >= SAME_BOX
    ? { vector: faces[best]!.embedding, from: "fromPhotographs" }
    : undefined;
}

async function fromCrop(recognizer: Recognizer, { crop }: FaceToEmbed): Promise<Embedded | undefined> {
  if (!crop) return undefined;
  const image = await readImage(crop, { strict: true });
  if (image.width !== recognizer.cropSizePx) return undefined;
  const [vector] = await recognizer.embed([asAlignedFace(image)]);
  return { vector: vector!, from: "fromCrops" };
}
