import { z } from "zod";
import { reduceMax, reshape } from "../../autodiff/index.ts";
import { FaceError } from "../../core/index.ts";
import { arcFaceTarget, gradientSetting } from "./arcface.ts";
import { classCentres, cosinesBetween } from "./class-centres.ts";
import { defineHead } from "./head.ts";
import { marginLoss } from "./margin-loss.ts";
import { marginRadSetting, scaleSetting } from "./settings.ts";

/**
 * Sub-center ArcFace: every class has K centres and a picture needs to be near one of them, so that wrongly labelled
 * pictures gather at a centre of their own instead of pulling at the right one.
 *
 * Formula   cos θ_j = max over k of ⟨x̂, Ŵ_jk⟩, then as ArcFace
 * Gradient  to the nearest sub-centre of each class alone
 * Shapes    the centres are [classes·K, D], K rows of a class together
 * Source    Deng et al., Sub-center ArcFace, ECCV 2020
 */
export const subCenterArcFace = defineHead({
  name: "sub-center-arcface",
  title: "sub-center ArcFace: several centres per class",
  config: z.strictObject({
    head: z.literal("sub-center-arcface"),
    centres: z.number().int().min(1).max(16).default(3),
    marginRad: marginRadSetting,
    scale: scaleSetting,
    gradient: gradientSetting,
  }),
  build({ centres, marginRad, scale, gradient }, input) {
    const { features, classes, sampled } = input;
    if (sampled)
      throw new FaceError("USAGE", {
        where: "sub-center-arcface",
        expected: "all classes at every step",
        got: "sampled ones",
      });
    const all = cosinesBetween(features, classCentres({ ...input, classes: classes * centres }));
    const cosines = reduceMax(reshape(all, [features.shape[0]!, classes, centres]), [2]);
    return marginLoss(input, cosines, scale, (own) => arcFaceTarget(own, marginRad, gradient));
  },
});
