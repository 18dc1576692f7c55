import { blankLike, type Crop } from "./crop.ts";

/**
 * A crop blurred by a Gaussian, the border's pixels repeated outside.
 *
 * @param sigmaPx standard deviation in pixels; the kernel reaches three of them
 */
export function blurCrop(crop: Crop, sigmaPx: number): Crop {
  const kernel = gaussian(sigmaPx);
  const { width, height, channels } = crop;
  const across = alongAxis(crop, kernel, width, channels, height, width * channels);
  return alongAxis(across, kernel, height, width * channels, width, channels);
}

/** Filters `lines` lines of `size` pixels; a line's pixels lie `step` bytes apart, lines `stride`. */
function alongAxis(
  crop: Crop,
  kernel: Float64Array,
  size: number,
  step: number,
  lines: number,
  stride: number,
): Crop {
  const out = blankLike(crop);
  const { data, channels } = crop;
  const reach = kernel.length >> 1;
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < size; i++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0.5;
        for (let k = -reach; k <= reach; k++) {
          const place = Math.min(Math.max(i + k, 0), size - 1);
          sum += kernel[k + reach]! * data[line * stride + place * step + c]!;
        }
        out.data[line * stride + i * step + c] = sum;
      }
    }
  }
  return out;
}

function gaussian(sigmaPx: number): Float64Array {
  const reach = Math.max(1, Math.ceil(3 * sigmaPx));
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigmaPx * sigmaPx)),
  );
  const sum = kernel.reduce((a, b) => a + b);
  return kernel.map((weight) => weight / sum);
}
