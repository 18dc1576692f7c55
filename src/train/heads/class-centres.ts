import { clamp, gatherRows, l2Normalize, matmul, type Value } from "../../autodiff/index.ts";
import { drawInit } from "../../networks/index.ts";
import type { HeadInput } from "./head.ts";

/** The parameter that holds one row per class, or per sub-centre of a class. */
export const CENTRES = "head.weight";

/** Deviation of the first centres' numbers. @see arcface_torch, partial_fc_v2.py */
const INITIAL_STD = 0.01;

/**
 * The trainable centres of the classes, only those of sampled classes where they are sampled.
 *
 * Shapes    [classes, D]; the parameter itself [classes, D], in directions drawn at random
 */
export function classCentres({ features, classes, random, sampled }: HeadInput): Value {
  const shape = [classes, features.shape[1]!];
  // Drawn now: a tape may ask for initial values several times, and all heads of one seed start alike.
  const initial = drawInit({ kind: "normal", std: INITIAL_STD }, shape[0]! * shape[1]!, random);
  const all = features.tape.parameter(CENTRES, shape, () => initial);
  return sampled ? gatherRows(all, sampled) : all;
}

/**
 * Cosines between rows of two matrices, within [−1, 1] in spite of rounding.
 *
 * Shapes    features [N, D], centres [C, D] → [N, C]
 */
export function cosinesBetween(features: Value, centres: Value): Value {
  return clamp(matmul(l2Normalize(features), l2Normalize(centres), { transposeB: true }), -1, 1);
}
