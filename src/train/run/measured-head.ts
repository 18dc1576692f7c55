import {
  acos,
  clamp,
  greater,
  multiply,
  oneHot,
  reduceMax,
  reduceMean,
  reduceSum,
  subtract,
  type Value,
  where,
} from "../../autodiff/index.ts";
import { seeded, seedOf } from "../../core/index.ts";
import { buildHead, SAMPLED_CLASSES } from "../heads/index.ts";
import type { StepHead } from "../step/index.ts";
import type { RunPlan } from "./run-plan.ts";
import type { SettledConfig } from "./settle.ts";

/** The purpose of the draws, so that other draws with the seed are others. */
const CENTRES = 6;
const DEGREES = 180 / Math.PI;

/** A head with what a run is watched by: the names of the outputs are those of {@link StepMeasures}. */
export function measuredHead({ head, seed }: SettledConfig, plan: RunPlan): StepHead {
  const { classes, sampledClasses: sampled } = plan;
  return (tape, features, labels) => {
    const random = seeded(seedOf(seed, CENTRES));
    const some = sampled < classes ? { sampled: tape.labels(SAMPLED_CLASSES, sampled) } : {};
    const { loss, cosines } = buildHead(head, { features, labels, classes, random, ...some });
    const own = oneHot(labels, sampled);
    const ownCosine = reduceSum(multiply(cosines, own), [1]);
    // Cosines lie in [−1, 1]: 4 less is below all others.
    const nearest = reduceMax(subtract(cosines, multiply(own, 4)), [1]);
    return {
      loss,
      accuracy: reduceMean(where(greater(ownCosine, nearest), 1, 0)),
      ownDeg: meanDegrees(ownCosine),
      nearestDeg: meanDegrees(nearest),
    };
  };
}

function meanDegrees(cosines: Value): Value {
  return multiply(reduceMean(acos(clamp(cosines, -1, 1))), DEGREES);
}
