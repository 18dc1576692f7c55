import { z } from "zod";
import {
  add,
  cos,
  divide,
  floor,
  l2Norm,
  maximum,
  minimum,
  multiply,
  type Operand,
  stopGradient,
  subtract,
  type Value,
} from "../../autodiff/index.ts";
import { angleOf } from "./angle.ts";
import { classCentres, cosinesBetween } from "./class-centres.ts";
import { defineHead, type HeadInput } from "./head.ts";
import { marginLoss } from "./margin-loss.ts";

/** λ of the released training settings: 1000/(1 + 0.12·step), never below 5. */
const ANNEALING = { base: 1000, rate: 0.12, least: 5 } as const;

/**
 * SphereFace: the angle to the own class counts several times. The falling half waves of cos(mθ) are joined into one
 * curve that falls from 0° to 180°.
 *
 * Formula   ‖x‖·ψ(θ_y) for the own class, ‖x‖·cos θ_j for the others; ψ(θ) = (−1)^k cos(mθ) − 2k, k = ⌊mθ/π⌋;
 *           with annealing (λ·cos θ + ψ(θ))/(1 + λ) in place of ψ
 * Gradient  ∂ψ/∂cos θ = (−1)^k m·sin(mθ)/sin θ; finite everywhere
 * Ranges    multiplier a whole number, 1…8. λ = max(5, 1000/(1 + 0.12·step)): without it training hardly starts
 * Source    Liu et al., SphereFace, arXiv:1704.08063, and the settings released with it
 */
export const sphereFace = defineHead({
  name: "sphereface",
  title: "SphereFace: a multiple of the angle",
  config: z.strictObject({
    head: z.literal("sphereface"),
    multiplier: z.number().int().min(1).max(8).default(4),
    /** The factor of cosines: the feature's own length as in the paper, or a number. */
    scale: z.union([z.literal("length"), z.number().positive().max(1024)]).default("length"),
    annealing: z.boolean().default(true),
  }),
  build({ multiplier, scale, annealing }, input) {
    const cosines = cosinesBetween(input.features, classCentres(input));
    const lambda = annealing ? annealed(input) : undefined;
    const target = (own: Value): Value => {
      const psi = sphereFaceTarget(own, multiplier);
      return lambda ? divide(add(multiply(own, lambda), psi), add(lambda, 1)) : psi;
    };
    return marginLoss(input, cosines, scale === "length" ? l2Norm(input.features) : scale, target);
  },
});

/**
 * cos θ → ψ(θ).
 *
 * Shapes    [N, 1] → [N, 1]
 */
export function sphereFaceTarget(cosine: Value, multiplier: number): Value {
  const angle = angleOf(cosine);
  const wave = stopGradient(minimum(floor(multiply(angle, multiplier / Math.PI)), multiplier - 1));
  const odd = subtract(wave, multiply(floor(multiply(wave, 0.5)), 2));
  const sign = subtract(1, multiply(odd, 2));
  return subtract(multiply(sign, cos(multiply(angle, multiplier))), multiply(wave, 2));
}

/** λ, counting steps in a state. */
function annealed({ features }: HeadInput): Operand {
  const { tape } = features;
  const step = tape.state("head.step", [1], () => new Float32Array(1));
  tape.assign(step, add(step, 1));
  const { base, rate, least } = ANNEALING;
  return maximum(divide(base, add(1, multiply(step, rate))), least);
}
