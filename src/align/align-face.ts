import { type Affine, FaceError, invertAffine, type Landmarks, type Space } from "../core/index.ts";
import { type RgbImage, warpAffine } from "../image/index.ts";
import { fitSimilarity } from "./similarity.ts";
import { alignmentTemplate } from "./template.ts";

/**
 * Number of the rule that says where a crop lies in its picture: template, landmarks, fit. It goes up with every
 * change of the rule; vectors of different rules do not compare, and what was made by an earlier one is refused.
 */
export const ALIGNMENT_VERSION: number = 2;

/**
 * Number of the way in which a photograph is read and searched, and a crop's pixels are drawn. It goes up when the same
 * photograph gives other faces or other pixels; vectors still compare, but files and caches are not gone on with.
 *
 * 4: where nothing is found for sure, too. 3: where nothing is found, the photograph is looked at turned. 2: crops are drawn from the photograph's own pixels at any size. 1: from a picture reduced to 4096 px a side.
 */
export const CROP_VERSION: number = 4;

declare const aligned: unique symbol;

/** A square crop whose five landmarks lie where an ArcFace network expects them. Made only by this folder. */
export type AlignedFace = RgbImage & { readonly [aligned]: true };

/**
 * Cuts a face out of a picture, upright and at the size its network wants: bilinear, black outside the picture. A face
 * that is shrunk by 2 or more is first halved as often as that, so that no pixel is passed over; InsightFace does not.
 *
 * Shapes    result sizePx × sizePx
 * Throws    FaceError SHAPE when the landmarks coincide
 *
 * ```ts
 * import { alignFace, type Landmarks, readImage } from "arcface-ts";
 *
 * const image = await readImage("portrait.jpg");
 * const landmarks: Landmarks<"raster"> = [
 *   { x: 120, y: 160 }, // the eye on the left of the picture
 *   { x: 180, y: 158 },
 *   { x: 152, y: 196 }, // the tip of the nose
 *   { x: 128, y: 226 }, // the mouth's corner on the left
 *   { x: 176, y: 224 },
 * ];
 * const crop = alignFace(image, landmarks, 112);
 * ```
 */
export function alignFace(image: RgbImage, landmarks: Landmarks<"raster">, sizePx = 112): AlignedFace {
  return warpAffine(image, cropToPicture(landmarks, sizePx), sizePx, sizePx) as AlignedFace;
}

/**
 * Map from a crop's points to its picture: the inverse of the similarity that brings the landmarks closest to the
 * template. The direction of the fit is part of the contract: the similarity that brings the template closest to the
 * landmarks is another one, whose crop is larger by 1.08 for a head turned by 45°.
 *
 * Throws    FaceError SHAPE when the landmarks coincide
 * Source    `norm_crop` of InsightFace (python-package/insightface/utils/face_align.py)
 */
export function cropToPicture<S extends Space>(landmarks: Landmarks<S>, sizePx: number): Affine<"crop", S> {
  const toPicture = invertAffine(fitSimilarity(landmarks, alignmentTemplate(sizePx)));
  if (Object.values(toPicture).every(Number.isFinite)) return toPicture;
  throw new FaceError("SHAPE", {
    where: "align",
    expected: "five landmarks of one face",
    got: "ones that fit none",
  });
}

/**
 * Takes a crop that was aligned elsewhere, for example a file written by `arcface align`.
 *
 * Throws    FaceError SHAPE unless it is square and of a size that has a template
 */
export function asAlignedFace(crop: RgbImage): AlignedFace {
  if (crop.width !== crop.height) {
    throw new FaceError("SHAPE", {
      where: "align",
      expected: "a square crop",
      got: `${crop.width}×${crop.height}`,
    });
  }
  alignmentTemplate(crop.width);
  return crop as AlignedFace;
}
