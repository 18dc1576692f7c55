import type { Random } from "../../../core/index.ts";
import { blankLike, type Crop } from "./crop.ts";

/** A rectangle of a crop, in pixels. */
export interface Patch {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A crop with a rectangle of noise laid over it, as a hand or a mask would hide a part of the face.
 *
 * Source    Zhong et al., Random Erasing Data Augmentation, arXiv:1708.04896
 */
export function occlude(crop: Crop, patch: Patch, random: Random): Crop {
  const out = blankLike(crop);
  out.data.set(crop.data);
  const { width, channels } = crop;
  for (let y = patch.y; y < patch.y + patch.height; y++) {
    for (let at = (y * width + patch.x) * channels; at < (y * width + patch.x + patch.width) * channels; at++)
      out.data[at] = random.below(256);
  }
  return out;
}

/** A rectangle of 2 to 20 % of the crop's area, up to about three times as long as wide, anywhere inside. */
export function drawPatch({ width, height }: Crop, random: Random): Patch {
  const area = (0.02 + 0.18 * random.next()) * width * height;
  const ratio = 3 ** (2 * random.next() - 1);
  const w = Math.min(width, Math.max(1, Math.round(Math.sqrt(area * ratio))));
  const h = Math.min(height, Math.max(1, Math.round(Math.sqrt(area / ratio))));
  return { x: random.below(width - w + 1), y: random.below(height - h + 1), width: w, height: h };
}
