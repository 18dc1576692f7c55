import type { ArcFaceGradient } from "./arcface.ts";

/**
 * A head turns the angle θ between a picture and its own class into a logit, before the scale: the slow readable
 * twin of what the heads put on a tape, and what a drawing of a head needs.
 */
export interface MarginFunction {
  /** The logit of the own class over the scale. @param angleRad 0…π */
  value(angleRad: number): number;
  /**
   * The derivative of {@link value} by cos θ that training takes; 1 where a head leaves cosines as they are.
   *
   * Infinite at 0 and π for heads that add to the angle; the tape holds it finite there.
   */
  slope(angleRad: number): number;
}

/** Normalised softmax: no margin. */
export const NO_MARGIN: MarginFunction = { value: Math.cos, slope: () => 1 };

/** CosFace: the cosine lowered by the margin. */
export function cosFaceMargin(margin: number): MarginFunction {
  return { value: (angle) => Math.cos(angle) - margin, slope: () => 1 };
}

/** ArcFace: the angle widened by the margin, with one of its three gradients. */
export function arcFaceMargin(marginRad: number, gradient: ArcFaceGradient = "analytic"): MarginFunction {
  const widened = (angle: number): number => Math.cos(angle + marginRad);
  const derivative = (angle: number): number => Math.sin(angle + marginRad) / Math.sin(angle);
  switch (gradient) {
    case "straight-through":
      return { value: widened, slope: () => 1 };
    case "plain-arccos":
      return { value: widened, slope: derivative };
    case "analytic": {
      const turn = Math.PI - marginRad;
      return {
        value: (angle) => (angle < turn ? widened(angle) : Math.cos(angle) - marginRad * Math.sin(marginRad)),
        slope: (angle) => (angle < turn ? derivative(angle) : 1),
      };
    }
    default:
      return gradient satisfies never;
  }
}

/** SphereFace: the angle multiplied, and the falling half waves of cosine joined into one curve. */
export function sphereFaceMargin(multiplier: number): MarginFunction {
  const wave = (angle: number): number =>
    Math.min(Math.floor((multiplier * angle) / Math.PI), multiplier - 1);
  const sign = (k: number): number => (k % 2 === 0 ? 1 : -1);
  return {
    value: (angle) => sign(wave(angle)) * Math.cos(multiplier * angle) - 2 * wave(angle),
    slope: (angle) => (sign(wave(angle)) * multiplier * Math.sin(multiplier * angle)) / Math.sin(angle),
  };
}

/** The three margins in one: the angle multiplied by m1 and widened by m2, the cosine lowered by m3. */
export function combinedMargin(m1: number, m2: number, m3: number): MarginFunction {
  return {
    value: (angle) => Math.cos(m1 * angle + m2) - m3,
    slope: (angle) => (m1 * Math.sin(m1 * angle + m2)) / Math.sin(angle),
  };
}

/**
 * AdaFace for a picture whose feature's length lies `quality` normalised deviations from the usual, −1…1: below 0 the
 * margin is on the angle, above on the cosine.
 */
export function adaFaceMargin(margin: number, quality: number): MarginFunction {
  const turned = (angle: number): number => angle - margin * quality;
  const within = (angle: number): boolean =>
    Math.abs(Math.cos(angle)) <= 1 - ADAFACE_EDGE &&
    turned(angle) >= ADAFACE_EDGE &&
    turned(angle) <= Math.PI - ADAFACE_EDGE;
  const bounded = (angle: number): number => {
    const cosine = Math.max(-1 + ADAFACE_EDGE, Math.min(1 - ADAFACE_EDGE, Math.cos(angle)));
    return Math.max(ADAFACE_EDGE, Math.min(Math.PI - ADAFACE_EDGE, turned(Math.acos(cosine))));
  };
  return {
    value: (angle) => Math.cos(bounded(angle)) - margin * (1 + quality),
    slope: (angle) => (within(angle) ? Math.sin(turned(angle)) / Math.sin(angle) : 0),
  };
}

/** The least distance to which AdaFace lets a cosine come to ±1 and an angle to 0 and π. */
export const ADAFACE_EDGE = 1e-3;
