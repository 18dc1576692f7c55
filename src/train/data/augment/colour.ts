import { blankLike, type Crop } from "./crop.ts";

/** Factors by which a crop's colours are changed; 1 leaves them. */
export interface ColourChange {
  readonly brightness: number;
  /** About the crop's mean grey. */
  readonly contrast: number;
  /** 0 is grey. Without effect on grey crops. */
  readonly saturation: number;
}

/** Rec. 601 weights of red, green and blue in what the eye sees as brightness. */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * A crop with other brightness, contrast and saturation, cut off at black and white.
 *
 * Formula   v' = contrast · (saturation · (v − l) + l − m) + m, times brightness; l the pixel's luma, m the crop's mean
 */
export function changeColour(crop: Crop, change: ColourChange): Crop {
  const { channels, data } = crop;
  const { brightness, contrast, saturation } = change;
  const out = blankLike(crop);
  const luma = (at: number): number =>
    channels === 3 ? LUMA[0] * data[at]! + LUMA[1] * data[at + 1]! + LUMA[2] * data[at + 2]! : data[at]!;
  let sum = 0;
  for (let at = 0; at < data.length; at += channels) sum += luma(at);
  const mean = (sum * channels) / data.length;
  for (let at = 0; at < data.length; at += channels) {
    const grey = luma(at);
    for (let c = 0; c < channels; c++) {
      const vivid = saturation * (data[at + c]! - grey) + grey;
      const value = brightness * (contrast * (vivid - mean) + mean) + 0.5;
      out.data[at + c] = value < 0 ? 0 : value > 255 ? 255 : value;
    }
  }
  return out;
}
