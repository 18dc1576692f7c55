import { z } from "zod";
import {
  add,
  clamp,
  cos,
  divide,
  l2Norm,
  multiply,
  reduceMean,
  reduceSum,
  reshape,
  sqrt,
  stopGradient,
  subtract,
  type Value,
} from "../../autodiff/index.ts";
import { angleOf } from "./angle.ts";
import { classCentres, cosinesBetween } from "./class-centres.ts";
import { defineHead, type HeadInput } from "./head.ts";
import { ADAFACE_EDGE } from "./margin-function.ts";
import { marginLoss } from "./margin-loss.ts";
import { scaleSetting } from "./settings.ts";

/**
 * AdaFace: the margin depends on the picture's quality, read off the length of its feature. Good pictures get a margin
 * on the cosine, bad ones a negative margin on the angle, so that what cannot be recognised is not insisted on.
 *
 * Formula   s·(cos(θ_y − m·q) − m·(1 + q)) for the own class, s·cos θ_j for the others;
 *           q = clip(h·(‖x‖ − μ)/(σ + 0.001), −1, 1), with μ and σ running means of the batch's lengths; lengths held
 *           within 0.001…100, cosines within ±0.999, θ_y − m·q within 0.001…π − 0.001
 * Gradient  by cos θ: sin(θ − m·q)/sin θ; none through q, nor where something is held
 * Ranges    h concentration of the quality; momentum the weight of the newest batch in μ and σ
 * Source    Kim et al., AdaFace, arXiv:2204.00964, and its released code: μ starts at 20 and σ at 100, as there
 */
export const adaFace = defineHead({
  name: "adaface",
  title: "AdaFace: a margin that follows the picture's quality",
  config: z.strictObject({
    head: z.literal("adaface"),
    margin: z.number().min(0).max(1).default(0.4),
    concentration: z.number().positive().default(0.333),
    momentum: z.number().positive().max(1).default(0.01),
    scale: scaleSetting,
  }),
  build({ margin, concentration, momentum, scale }, input) {
    const cosines = cosinesBetween(input.features, classCentres(input));
    const quality = qualityOf(input, concentration, momentum);
    return marginLoss(input, cosines, scale, (own) => {
      const angle = angleOf(clamp(own, -1 + ADAFACE_EDGE, 1 - ADAFACE_EDGE));
      const turned = clamp(subtract(angle, multiply(quality, margin)), ADAFACE_EDGE, Math.PI - ADAFACE_EDGE);
      return subtract(cos(turned), multiply(add(quality, 1), margin));
    });
  },
});

/** Lengths of features against their running mean and deviation: [N, 1] in [−1, 1]. No gradient flows through it. */
function qualityOf({ features }: HeadInput, concentration: number, momentum: number): Value {
  const { tape } = features;
  const rows = features.shape[0]!;
  const lengths = stopGradient(clamp(l2Norm(features), 0.001, 100));
  const batchMean = reduceMean(lengths, [0, 1]);
  const difference = subtract(lengths, batchMean);
  const batchStd = sqrt(
    multiply(reduceSum(multiply(difference, difference), [0, 1]), 1 / Math.max(rows - 1, 1)),
  );
  const running = (name: string, first: number, now: Value): Value => {
    const state = tape.state(name, [1], () => Float32Array.of(first));
    const next = add(multiply(state, 1 - momentum), multiply(reshape(now, [1]), momentum));
    tape.assign(state, next);
    return stopGradient(next);
  };
  const mean = running("head.length_mean", 20, batchMean);
  const std = running("head.length_std", 100, batchStd);
  return clamp(multiply(divide(subtract(lengths, mean), add(std, 0.001)), concentration), -1, 1);
}
