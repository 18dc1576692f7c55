import type { Signal } from "@preact/signals";
import { ask, type ClientAnswer, key } from "./service.ts";
import { type Answer, useAnswer } from "./use-answer.ts";

/** A point of a calibration's curve: the error rates with this cosine as threshold. */
export interface CurvePoint {
  readonly cosine: number;
  readonly fmr: number;
  readonly fnmr: number;
}

/** The part of a calibration that the page draws. */
export interface Curve {
  readonly threshold: number;
  readonly points: readonly CurvePoint[];
  readonly protocol: string;
}

/** The model with the curve that its scores were measured by; null where nothing says what a score means. */
export interface ModelAndCurve {
  readonly model: string;
  readonly curve: Curve | null;
}

/** The model that is asked, and its curve. */
export function useModel(collection: string | undefined): Signal<Answer<ModelAndCurve>> {
  return useAnswer(
    async (signal) => modelOf(await ask("model", collection === undefined ? {} : { collection }, { signal })),
    [collection, key.value],
  );
}

function modelOf({ model, calibration }: ClientAnswer<"model">): ModelAndCurve {
  if (!calibration) return { model, curve: null };
  const { threshold, curve, data } = calibration as unknown as {
    threshold: number;
    curve: CurvePoint[];
    data: { protocol: string };
  };
  return { model, curve: { threshold, points: curve, protocol: data.protocol } };
}

/** Share of the pairs at each cosine of a grid, per unit of the cosine. */
export interface Densities {
  readonly cosines: readonly number[];
  readonly genuine: readonly number[];
  readonly impostor: readonly number[];
}

/** Cosines between which a calibration's scores are drawn, the steps, and how far they are smoothed. */
const FROM = -0.4;
const TO = 1;
const STEPS = 280;
const SMOOTH = 0.018;

/**
 * The distributions of genuine and impostor scores: the derivatives of the two rates by the threshold, smoothed by a Gaussian.
 *
 * Formula    genuine = d fnmr / d cosine; impostor = − d fmr / d cosine
 */
export function densitiesOf({ points }: Curve): Densities {
  const cosines = Array.from({ length: STEPS + 1 }, (_, i) => FROM + ((TO - FROM) * i) / STEPS);
  const genuine = new Array<number>(cosines.length).fill(0);
  const impostor = new Array<number>(cosines.length).fill(0);
  for (let i = 1; i < points.length; i++) {
    const a = points[i - 1]!;
    const b = points[i]!;
    const middle = (a.cosine + b.cosine) / 2;
    // The share between two points lies where they are, spread as far as it is smoothed and as they are apart.
    const width = Math.hypot(SMOOTH, (b.cosine - a.cosine) / 2);
    cosines.forEach((at, j) => {
      const z = (at - middle) / width;
      if (Math.abs(z) > 4) return;
      const weight = Math.exp((-z * z) / 2) / (width * Math.sqrt(2 * Math.PI));
      genuine[j]! += weight * (b.fnmr - a.fnmr);
      impostor[j]! += weight * (a.fmr - b.fmr);
    });
  }
  return { cosines, genuine, impostor };
}
