import { z } from "zod";
import { subtract } from "../../autodiff/index.ts";
import { classCentres, cosinesBetween } from "./class-centres.ts";
import { defineHead } from "./head.ts";
import { marginLoss } from "./margin-loss.ts";
import { cosineMarginSetting, scaleSetting } from "./settings.ts";

/**
 * CosFace: the own class's cosine has to be better by a margin.
 *
 * Formula   s·(cos θ_y − m) for the own class, s·cos θ_j for the others
 * Gradient  ∂logit_j/∂cos θ_j = s
 * Ranges    margin in units of cosine; 0.35 in the paper, 0.4 in InsightFace's recipes
 * Source    Wang et al., CosFace, arXiv:1801.09414
 */
export const cosFace = defineHead({
  name: "cosface",
  title: "CosFace: a margin on the cosine",
  config: z.strictObject({ head: z.literal("cosface"), margin: cosineMarginSetting, scale: scaleSetting }),
  build({ margin, scale }, input) {
    const cosines = cosinesBetween(input.features, classCentres(input));
    return marginLoss(input, cosines, scale, (own) => subtract(own, margin));
  },
});
