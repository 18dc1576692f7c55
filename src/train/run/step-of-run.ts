import { seeded, seedOf, threadCount } from "../../core/index.ts";
import type { Batch } from "../data/index.ts";
import { SAMPLED_CLASSES, sampleClasses } from "../heads/index.ts";
import { TrainingStep, type TrainingStepOptions } from "../step/index.ts";
import type { StepMeasures } from "./events.ts";
import { readInitialWeights } from "./initial-weights.ts";
import type { RunOptions } from "./run-options.ts";
import type { RunPlan } from "./run-plan.ts";
import type { SettledConfig } from "./settle.ts";

/** The purpose of the draws, so that other draws with the seed are others. */
const SAMPLED = 7;

/** Network, head, loss, gradients and optimiser as one graph. Throws as {@link TrainingStep.open} does. */
export async function openStep(
  config: SettledConfig,
  parts: Pick<TrainingStepOptions, "network" | "head" | "optimiser">,
  { threads, signal }: RunOptions,
): Promise<TrainingStep> {
  const { batch, seed, device, precision, clipNorm, init } = config;
  return await TrainingStep.open({
    ...parts,
    batch,
    device,
    precision,
    threads: threadCount(threads),
    seed,
    ...(init === undefined ? {} : { weights: readInitialWeights(init, parts.network) }),
    ...(clipNorm === null ? {} : { gradientNorm: clipNorm }),
    ...(signal ? { signal } : {}),
  });
}

/** One step on one batch; what it measured is from before its update. */
export async function trainOn(
  step: TrainingStep,
  batch: Batch,
  plan: RunPlan,
  config: SettledConfig,
): Promise<StepMeasures> {
  const learningRate = plan.learningRate(batch.step);
  const { loss, outputs } = await step.run({ learningRate, ...batchFor(batch, plan, config) });
  const scalar = (name: string): number => outputs[name]!.data[0]!;
  return {
    loss,
    accuracy: scalar("accuracy"),
    ownDeg: scalar("ownDeg"),
    nearestDeg: scalar("nearestDeg"),
  };
}

/** The batch as the graph takes it: all classes, or those that are drawn for this step. */
function batchFor(
  { images, labels, step }: Batch,
  plan: RunPlan,
  { batch, seed, sampleRate }: SettledConfig,
) {
  const { classes, sampledClasses } = plan;
  if (sampledClasses === classes) return { images, labels };
  const random = seeded(seedOf(seed, SAMPLED, step));
  const drawn = sampleClasses(labels, { classes, rate: sampleRate, batch }, random);
  return { images, labels: drawn.labels, inputs: { [SAMPLED_CLASSES]: drawn.classes } };
}
