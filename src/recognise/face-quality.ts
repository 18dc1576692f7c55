import { type AlignedFace, type HeadPose, headPose } from "../align/index.ts";
import type { Detection } from "../detect/index.ts";
import type { RgbImage } from "../image/index.ts";

/**
 * The part of a face's quality that needs no network: components of ISO/IEC 29794-5, each in its own unit. None is a verdict, and no
 * sum of them is given: which of them matter depends on the network, the camera and what the face is wanted for.
 *
 * Sharpness and light are those of the aligned crop's middle, two thirds of it each way; light is linear luminance in 0…1
 * (sRGB, BT.709), in 256 steps, as in the reference implementation OFIQ 1.1.
 */
export interface FaceQuality {
  /** Pose of the head; undefined where landmarks lie in one point. Source: five landmarks on a mean head. */
  readonly pose: HeadPose | undefined;
  /**
   * Variance of the Laplacian of grey (BT.601), in squared steps of 1/255: 0 for an even surface; sharp photographs at 112 px measure some
   * hundreds. A face that was drawn out of few pixels is as blurred as one out of focus, and measures so.
   * Source: Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000
   */
  readonly sharpness: number;
  /** Mean luminance, 0…1. */
  readonly brightness: number;
  /** Variance of luminance, 0…¼. */
  readonly contrast: number;
  /** Entropy of luminance in 256 steps, 0…8 bit. */
  readonly dynamicRange: number;
  /** Share of pixels in the dark (luminance up to 25 of 255, which is 88 of 255 in the file), and all but white (from 247), 0…1. */
  readonly underexposed: number;
  readonly overexposed: number;
  /** Distance of the eyes in pixels of the photograph, as if the head were not turned to a side: over cos(yaw). */
  readonly interEyePx: number;
  /** Share of the photograph's height that the face's box has; above 1 for a face that leaves it. */
  readonly headSize: number;
}

/** From which luminance on, and up to which, a pixel is as good as white or black, as the reference implementation OFIQ has it. */
const [BLACK, WHITE] = [25, 247];
/** Light of each value of a channel of sRGB, 0…1. */
const LIGHT = Float64Array.from({ length: 256 }, (_, value) => {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
});
/** Beyond this the distance of the eyes in the picture no longer says how large the face is. */
const LEAST_COSINE = 0.1;

/** Measures a face. @param photograph the size of the picture that box and landmarks are in */
export function faceQuality(
  { box, landmarks }: Pick<Detection<"image">, "box" | "landmarks">,
  crop: AlignedFace,
  photograph: { readonly height: number },
): FaceQuality {
  const pose = headPose(landmarks);
  const [left, right] = landmarks;
  const turned = Math.max(LEAST_COSINE, Math.cos(((pose?.yaw ?? 0) * Math.PI) / 180));
  return {
    pose,
    ...pixelQuality(crop),
    interEyePx: Math.hypot(right.x - left.x, right.y - left.y) / turned,
    headSize: box.height / photograph.height,
  };
}

/** Measurements of the pixels in a crop's middle. */
export function pixelQuality(crop: RgbImage): Omit<FaceQuality, "pose" | "interEyePx" | "headSize"> {
  const { width, height, data } = crop;
  const grey = new Float64Array(width * height);
  for (let i = 0, at = 0; i < grey.length; i++, at += 3)
    grey[i] = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  const [left, top] = [Math.round(width / 6), Math.round(height / 6)];
  const histogram = new Uint32Array(256);
  let [sum, squares, count] = [0, 0, 0];
  for (let y = top; y < height - top; y++) {
    for (let x = left; x < width - left; x++) {
      const at = y * width + x;
      const value = grey[at - 1]! + grey[at + 1]! + grey[at - width]! + grey[at + width]! - 4 * grey[at]!;
      sum += value;
      squares += value * value;
      count++;
      const [r, g, b] = [LIGHT[data[3 * at]!]!, LIGHT[data[3 * at + 1]!]!, LIGHT[data[3 * at + 2]!]!];
      histogram[Math.floor(255 * (0.2126 * r + 0.7152 * g + 0.0722 * b) + 0.5)]!++;
    }
  }
  const share = (from: number, to: number): number =>
    histogram.subarray(from, to + 1).reduce((total, n) => total + n, 0) / count;
  let [brightness, second, dynamicRange] = [0, 0, 0];
  for (const [level, n] of histogram.entries()) {
    const [part, value] = [n / count, level / 255];
    brightness += part * value;
    second += part * value * value;
    if (part > 0) dynamicRange -= part * Math.log2(part);
  }
  return {
    sharpness: squares / count - (sum / count) ** 2,
    brightness,
    contrast: Math.max(0, second - brightness * brightness),
    dynamicRange,
    underexposed: share(0, BLACK),
    overexposed: share(WHITE, 255),
  };
}
