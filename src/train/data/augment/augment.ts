import type { Random } from "../../../core/index.ts";
import { blurCrop } from "./blur.ts";
import { changeColour } from "./colour.ts";
import type { Crop } from "./crop.ts";
import { moveCrop } from "./move.ts";
import { drawPatch, occlude } from "./occlude.ts";

/** Strengths of the variation of a training picture each time it is seen. All zeros leave it as it is. */
export interface Augmentation {
  /** Chance that left and right change places, 0…1. */
  readonly flip: number;
  /** Largest shift along each axis, in pixels. */
  readonly shiftPx: number;
  /** Largest relative change of size, 0…0.5. */
  readonly scale: number;
  /** Largest relative change of brightness, contrast and saturation, 0…1. */
  readonly colour: number;
  /** Chance that the picture becomes grey, 0…1. */
  readonly grey: number;
  /** Chance of a Gaussian blur with a standard deviation from 0.5 to 2 px, 0…1. */
  readonly blur: number;
  /** Chance that a rectangle of 2 to 20 % of the picture is hidden behind noise, 0…1. */
  readonly occlusion: number;
}

/** Pictures as they are. */
export const NO_AUGMENTATION: Augmentation = {
  flip: 0,
  shiftPx: 0,
  scale: 0,
  colour: 0,
  grey: 0,
  blur: 0,
  occlusion: 0,
};

/** A crop varied by numbers drawn from `random`; always as many and in the same order, whatever comes of them. */
export function augment(crop: Crop, how: Augmentation, random: Random): Crop {
  const either = (largest: number): number => (2 * random.next() - 1) * largest;
  const movement = {
    flip: random.next() < how.flip,
    shiftX: either(how.shiftPx),
    shiftY: either(how.shiftPx),
    scale: 1 + either(how.scale),
  };
  const hidden = random.next() < how.occlusion;
  const change = {
    brightness: 1 + either(how.colour),
    contrast: 1 + either(how.colour),
    saturation: 1 + either(how.colour),
  };
  const grey = random.next() < how.grey;
  const blurred = random.next() < how.blur;
  const sigmaPx = 0.5 + 1.5 * random.next();
  let varied = moveCrop(crop, movement);
  if (hidden) varied = occlude(varied, drawPatch(varied, random), random);
  if (how.colour > 0 || grey) varied = changeColour(varied, grey ? { ...change, saturation: 0 } : change);
  if (blurred) varied = blurCrop(varied, sigmaPx);
  return varied;
}
