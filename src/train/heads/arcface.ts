import { z } from "zod";
import {
  cos,
  greater,
  multiply,
  negate,
  type Operand,
  sin,
  straightThrough,
  subtract,
  type Value,
  where,
} from "../../autodiff/index.ts";
import { sineOf } from "./angle.ts";
import { classCentres, cosinesBetween } from "./class-centres.ts";
import { defineHead } from "./head.ts";
import { marginLoss } from "./margin-loss.ts";
import { marginRadSetting, scaleSetting } from "./settings.ts";

/** The gradients that ArcFace goes by in public code, which do not agree. */
export const ARCFACE_GRADIENTS = ["analytic", "straight-through", "plain-arccos"] as const;

/**
 * - `analytic`: the true derivative; past θ = π − m, where cos(θ + m) would turn and rise again, a straight line in
 *   cos θ goes on falling.
 * - `straight-through`: cos(θ + m) going forward and the derivative of cos θ, which is 1, going back. What the
 *   article's class does, whose margin is computed where no gradients are recorded.
 * - `plain-arccos`: the true derivative, turning round past π − m: there training pulls the wrong way.
 */
export type ArcFaceGradient = (typeof ARCFACE_GRADIENTS)[number];

/** The setting `gradient` of heads that widen the angle. */
export const gradientSetting = z.enum(ARCFACE_GRADIENTS).default("analytic");

/**
 * cos θ → cos(θ + m).
 *
 * Shapes    cosine [N, 1]; margin a number of radians or [N, 1]
 * Formula   cos θ·cos m − sin θ·sin m; `analytic`, past θ = π − m: cos θ − m·sin m
 * Gradient  by cos θ: sin(θ + m)/sin θ; `analytic`, past π − m: 1; `straight-through`: 1
 */
export function arcFaceTarget(cosine: Value, margin: Operand, gradient: ArcFaceGradient): Value {
  const [cosM, sinM] =
    typeof margin === "number" ? [Math.cos(margin), Math.sin(margin)] : [cos(margin), sin(margin)];
  const widened = subtract(multiply(cosine, cosM), multiply(sineOf(cosine), sinM));
  switch (gradient) {
    case "plain-arccos":
      return widened;
    case "straight-through":
      return straightThrough(widened, cosine);
    case "analytic": {
      const line = subtract(
        cosine,
        typeof sinM === "number" ? (margin as number) * sinM : multiply(margin, sinM),
      );
      // cos(π − m) = −cos m
      const turn = typeof cosM === "number" ? -cosM : negate(cosM);
      return where(greater(cosine, turn), widened, line);
    }
    default:
      return gradient satisfies never;
  }
}

/**
 * ArcFace, the additive angular margin: the angle to the own class has to be smaller by m. Formula (2) of the article.
 *
 * Formula   s·cos(θ_y + m) for the own class, s·cos θ_j for the others; `analytic`, past θ_y = π − m:
 *           s·(cos θ_y − m·sin m)
 * Gradient  see {@link ArcFaceGradient}; finite everywhere
 * Ranges    marginRad in radians, 0…π/2; 0.5 = 28.6°
 * Source    Deng et al., ArcFace, arXiv:1801.07698; the line past π − m as in the paper's first released code
 */
export const arcFace = defineHead({
  name: "arcface",
  title: "ArcFace: a margin on the angle",
  config: z.strictObject({
    head: z.literal("arcface"),
    marginRad: marginRadSetting,
    scale: scaleSetting,
    gradient: gradientSetting,
  }),
  build({ marginRad, scale, gradient }, input) {
    const cosines = cosinesBetween(input.features, classCentres(input));
    return marginLoss(input, cosines, scale, (own) => arcFaceTarget(own, marginRad, gradient));
  },
});
