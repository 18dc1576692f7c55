import { z } from "zod";
import { add, cos, multiply, subtract } from "../../autodiff/index.ts";
import { angleOf } from "./angle.ts";
import { classCentres, cosinesBetween } from "./class-centres.ts";
import { defineHead } from "./head.ts";
import { marginLoss } from "./margin-loss.ts";
import { scaleSetting } from "./settings.ts";

/**
 * The margins of SphereFace, ArcFace and CosFace in one.
 *
 * Formula   s·(cos(m1·θ_y + m2) − m3) for the own class, s·cos θ_j for the others
 * Gradient  by cos θ: m1·sin(m1·θ + m2)/sin θ, which turns round past m1·θ + m2 = π; finite everywhere
 * Ranges    m1 from 1, m2 in radians, m3 in units of cosine. (1, 0.5, 0) is ArcFace, (1, 0, 0.35) CosFace;
 *           (1, 0.3, 0.2) did best in the ArcFace paper
 * Source    Deng et al., ArcFace, arXiv:1801.07698, section "ArcFace" on the united margin
 */
export const combined = defineHead({
  name: "combined",
  title: "combined: margins m1, m2 and m3",
  config: z.strictObject({
    head: z.literal("combined"),
    m1: z.number().min(1).max(8).default(1),
    m2: z
      .number()
      .min(0)
      .max(Math.PI / 2)
      .default(0.3),
    m3: z.number().min(0).max(1).default(0.2),
    scale: scaleSetting,
  }),
  build({ m1, m2, m3, scale }, input) {
    const cosines = cosinesBetween(input.features, classCentres(input));
    return marginLoss(input, cosines, scale, (own) => subtract(cos(add(multiply(angleOf(own), m1), m2)), m3));
  },
});
