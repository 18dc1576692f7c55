import { z } from "zod";
import { classCentres, cosinesBetween } from "./class-centres.ts";
import { defineHead } from "./head.ts";
import { marginLoss } from "./margin-loss.ts";
import { scaleSetting } from "./settings.ts";

/**
 * Softmax over scaled cosines: formula (9) of the article, angles alone and no margin yet.
 *
 * Formula   logit_j = s·cos θ_j
 * Gradient  ∂logit_j/∂cos θ_j = s
 * Source    Wang et al., NormFace, arXiv:1704.06369
 */
export const normalisedSoftmax = defineHead({
  name: "normalised-softmax",
  title: "normalised softmax: cosines, no margin",
  config: z.strictObject({ head: z.literal("normalised-softmax"), scale: scaleSetting }),
  build({ scale }, input) {
    const cosines = cosinesBetween(input.features, classCentres(input));
    return marginLoss(input, cosines, scale, (own) => own);
  },
});
