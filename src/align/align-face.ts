import { FaceError, type Landmarks } from "../core/index.ts";
import { type RgbImage, warpAffine } from "../image/index.ts";
import { fitSimilarity } from "./similarity.ts";
import { alignmentTemplate } from "./template.ts";

/**
 * Number of the rule that says where a crop lies in its picture: template, landmarks, fit. It goes up with every
 * change of the rule; vectors of different rules do not compare, and what was made by an earlier one is refused.
 */
export const ALIGNMENT_VERSION: number = 1;

/**
 * Number of the way in which a photograph is read and searched, and a crop's pixels are drawn. It goes up when the same
 * photograph gives other faces or other pixels; vectors still compare, but files and caches are not gone on with.
 *
 * 2: crops are drawn from the photograph's own pixels at any size. 1: from a picture reduced to 4096 px a side.
 */
export const CROP_VERSION: number = 2;

declare const aligned: unique symbol;

/** A square crop whose five landmarks lie where an ArcFace network expects them. Made only by this folder. */
export type AlignedFace = RgbImage & { readonly [aligned]: true };

/**
 * Cuts a face out of a picture, upright and at the size its network wants: bilinear, black outside the picture.
 *
 * Shapes    result sizePx × sizePx
 * Throws    FaceError SHAPE when the landmarks coincide
 */
export function alignFace(image: RgbImage, landmarks: Landmarks<"raster">, sizePx = 112): AlignedFace {
  const toRaster = fitSimilarity(alignmentTemplate(sizePx), landmarks);
  return warpAffine(image, toRaster, sizePx, sizePx) as AlignedFace;
}

/**
 * Takes a crop that was aligned elsewhere, for example a file written by `arcface align`.
 *
 * Throws    FaceError SHAPE unless it is square and of a size that has a template
 */
export function asAlignedFace(crop: RgbImage): AlignedFace {
  if (crop.width !== crop.height) {
    throw new FaceError("SHAPE", `align: expected a square crop, got ${crop.width}×${crop.height}`);
  }
  alignmentTemplate(crop.width);
  return crop as AlignedFace;
}
