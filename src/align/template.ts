import { FaceError, type Landmarks } from "../core/index.ts";

/**
 * The places of the five landmarks in a crop of 112×112, as the ArcFace networks were trained.
 *
 * The published figures count pixel centres from 0; here, as everywhere in this library, they lie at 0.5.
 *
 * Source    InsightFace, python-package/insightface/utils/face_align.py
 */
const TEMPLATE_112: readonly (readonly [number, number])[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];

/**
 * The template for a crop of another size: multiples of 112 scale it; multiples of 128 scale it and move it
 * 8 pixels (of 128) to the right, as InsightFace does. The half pixel is added after scaling, as its figures count
 * whole pixels at every size.
 *
 * Throws    FaceError BAD_CONTRACT for any other size
 */
export function alignmentTemplate(sizePx: number): Landmarks<"crop"> {
  const base = sizePx % 112 === 0 ? 112 : 128;
  if (sizePx < 112 || sizePx % base !== 0) {
    throw new FaceError("BAD_CONTRACT", {
      where: "align",
      expected: "a crop size that is a multiple of 112 or 128",
      got: sizePx,
    });
  }
  const ratio = sizePx / base;
  const shift = base === 128 ? 8 : 0;
  const points = TEMPLATE_112.map(([x, y]) => ({ x: (x + shift) * ratio + 0.5, y: y * ratio + 0.5 }));
  return points as unknown as Landmarks<"crop">;
}
