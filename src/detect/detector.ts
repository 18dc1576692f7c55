import type { Box, Landmarks, Space } from "../core/index.ts";
import type { RgbImage } from "../image/index.ts";

/** A face found in a picture. */
export interface Detection<S extends Space> {
  readonly box: Box<S>;
  /** The detector's confidence, 0…1; comparable only between detections of one detector. */
  readonly score: number;
  readonly landmarks: Landmarks<S>;
}

/** Options of a detection. */
export interface DetectOptions {
  /**
   * Faces narrower than this may be missed, in pixels of the photograph.
   * @default 2 % of the shorter side, at least 20 px
   */
  readonly minFacePx?: number;
}

/**
 * Numbers of the ways in which the networks of each family are run. A number goes up when the same networks put landmarks
 * elsewhere: vectors of faces that were found so do not compare with earlier ones.
 */
export const DETECTOR_VERSIONS = { mtcnn: 1, "mtcnn-rfb": 1, centerface: 2, yunet: 2 } as const;

/** Families whose detectors have {@link Detector.detectAgain}. */
export const FOLLOWING_FAMILIES: readonly (keyof typeof DETECTOR_VERSIONS)[] = ["mtcnn", "mtcnn-rfb"];

/** Finds the faces in a picture. One contract for every network that does it. */
export interface Detector {
  /** The id of the model card. */
  readonly id: string;
  /**
   * A face of this score is surely seen the right way up: a picture that has one is not looked at turned.
   * @default 0.9
   */
  readonly sure?: number;
  /** Faces by falling score; an empty list when there is none. */
  detect(image: RgbImage, options?: DetectOptions): Promise<Detection<"raster">[]>;
  /**
   * The finding of `detect` for a face that was seen in a picture much like this one, where it is sure of it; faster, for it
   * looks around the face's place and for about its size only. Absent where the detector has no such way.
   */
  detectAgain?(image: RgbImage, face: Box<"raster">, options?: DetectOptions): Promise<Detection<"raster">[]>;
  /**
   * The landmarks of the face that fills a box, where somebody says that there is one; absent where no network of the detector
   * can be told where to look. The score says how sure it is that there is a face, and may be near 0.
   */
  locate?(image: RgbImage, box: Box<"raster">): Promise<Detection<"raster">>;
  close(): Promise<void>;
}

/** The smallest face to look for in a photograph of a size, in its pixels. */
export function smallestFaceOf(
  { width, height }: { readonly width: number; readonly height: number },
  { minFacePx }: DetectOptions,
): number {
  return minFacePx ?? Math.max(20, 0.02 * Math.min(width, height));
}

/** The smallest face to look for in a raster, in raster pixels. */
export function smallestFace(image: RgbImage, options: DetectOptions): number {
  const wanted =
    options.minFacePx === undefined ? smallestFaceOf(image, options) : options.minFacePx / image.scale;
  return Math.max(wanted, 12);
}
