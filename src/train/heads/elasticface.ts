import { z } from "zod";
import { subtract } from "../../autodiff/index.ts";
import { arcFaceTarget, gradientSetting } from "./arcface.ts";
import { classCentres, cosinesBetween } from "./class-centres.ts";
import { defineHead } from "./head.ts";
import { marginLoss } from "./margin-loss.ts";
import { scaleSetting } from "./settings.ts";

/** The input that holds a margin for each row, drawn anew at every step. */
export const MARGINS = "head.margins";

/**
 * ElasticFace: each picture draws a margin of its own, so that classes may differ in how far they spread.
 *
 * Formula   m ~ N(margin, std) for each row and step; `arc`: s·cos(θ_y + m), `cos`: s·(cos θ_y − m) for the own class,
 *           s·cos θ_j for the others
 * Gradient  as ArcFace's or CosFace's with the margin drawn
 * Ranges    margin in radians for `arc`, in units of cosine for `cos`; 0.5 and 0.35 unless set
 * Source    Boutros et al., ElasticFace, arXiv:2109.09416; its released code has std 0.0125 and the gradient
 *           `plain-arccos`
 */
export const elasticFace = defineHead({
  name: "elasticface",
  title: "ElasticFace: a margin drawn for each picture",
  config: z.strictObject({
    head: z.literal("elasticface"),
    form: z.enum(["arc", "cos"]).default("arc"),
    margin: z.number().min(0).max(1.5).optional(),
    std: z.number().min(0).max(0.5).default(0.0125),
    scale: scaleSetting,
    gradient: gradientSetting,
  }),
  build({ form, margin = form === "arc" ? 0.5 : 0.35, std, scale, gradient }, input) {
    const { features } = input;
    const cosines = cosinesBetween(features, classCentres(input));
    const drawn = features.tape.random(MARGINS, [features.shape[0]!, 1], {
      kind: "normal",
      mean: margin,
      std,
    });
    return marginLoss(input, cosines, scale, (own) =>
      form === "arc" ? arcFaceTarget(own, drawn, gradient) : subtract(own, drawn),
    );
  },
});
