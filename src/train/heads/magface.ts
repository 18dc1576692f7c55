import { z } from "zod";
import {
  add,
  clamp,
  divide,
  greater,
  l2Norm,
  multiply,
  reduceMean,
  subtract,
  type Value,
  where,
} from "../../autodiff/index.ts";
import { arcFaceTarget } from "./arcface.ts";
import { classCentres, cosinesBetween } from "./class-centres.ts";
import { defineHead } from "./head.ts";
import { marginLoss } from "./margin-loss.ts";
import { scaleSetting } from "./settings.ts";

/**
 * MagFace: the margin grows with the feature's length and long features are rewarded, so that the length comes to say
 * how good a picture is.
 *
 * Formula   a = ‖x‖ held within [shortest, longest]; m(a) rises in a straight line from marginLow to marginHigh;
 *           s·cos(θ_y + m(a)) for the own class, s·cos θ_j for the others; loss + λ·mean(a/longest² + 1/a).
 *           With `easyMargin` the margin counts only where cos θ_y > 0; without it, past θ_y = π − m(a) the straight
 *           line of ArcFace goes on
 * Gradient  by cos θ as ArcFace's `analytic`; by ‖x‖ through m(a) and the added term, none where a is held
 * Ranges    lengths as the network gives them: 10 to 110 suits 512 numbers behind a batch norm
 * Source    Meng et al., MagFace, arXiv:2103.06627, and its released code, whose default is the easy margin
 */
export const magFace = defineHead({
  name: "magface",
  title: "MagFace: a margin that grows with the feature's length",
  config: z
    .strictObject({
      head: z.literal("magface"),
      shortest: z.number().positive().default(10),
      longest: z.number().positive().default(110),
      marginLowRad: z.number().min(0).default(0.45),
      marginHighRad: z
        .number()
        .max(Math.PI / 2)
        .default(0.8),
      /** Weight λ of the term that rewards length. */
      lengthWeight: z.number().min(0).default(35),
      easyMargin: z.boolean().default(true),
      scale: scaleSetting,
    })
    .refine(({ shortest, longest }) => shortest < longest, {
      error: "expected shortest < longest",
      path: ["shortest"],
    })
    .refine(({ marginLowRad, marginHighRad }) => marginLowRad <= marginHighRad, {
      error: "expected marginLowRad ≤ marginHighRad",
      path: ["marginLowRad"],
    }),
  build({ shortest, longest, marginLowRad, marginHighRad, lengthWeight, easyMargin, scale }, input) {
    const cosines = cosinesBetween(input.features, classCentres(input));
    const length = clamp(l2Norm(input.features), shortest, longest);
    const slope = (marginHighRad - marginLowRad) / (longest - shortest);
    const margin = add(multiply(subtract(length, shortest), slope), marginLowRad);
    const target = (own: Value): Value =>
      easyMargin
        ? where(greater(own, 0), arcFaceTarget(own, margin, "plain-arccos"), own)
        : arcFaceTarget(own, margin, "analytic");
    const output = marginLoss(input, cosines, scale, target);
    const reward = reduceMean(add(multiply(length, 1 / longest ** 2), divide(1, length)));
    return { ...output, loss: add(output.loss, multiply(reward, lengthWeight)) };
  },
});
