import { setImmediate } from "node:timers/promises";
import { FaceError, seeded, seedOf, throwIfAborted, type WorkOptions } from "../../core/index.ts";
import { digitNet, type Network, type Weights } from "../../networks/index.ts";
import type { Digits } from "../../train/data/index.ts";
import { buildHead, type HeadConfig, withoutMargin } from "../../train/heads/index.ts";
import { learningRateAt } from "../../train/index.ts";
import { sgd, TrainingStep } from "../../train/step/index.ts";
import { digitBatches } from "./digit-batches.ts";

/** One training of the experiment. */
export interface DigitTraining extends WorkOptions {
  readonly head: HeadConfig;
  readonly digits: Digits;
  /** Labels are 0…classes − 1. */
  readonly classes: number;
  readonly epochs: number;
  readonly embedding: number;
  readonly seed: number;
  /** The stage under which progress is shown. */
  readonly stage: string;
}

/** A network that has been trained, and how it went. */
export interface TrainedDigits {
  readonly network: Network;
  /** The network's and the head's tensors by name. */
  readonly weights: Weights;
  /** Mean loss over the last hundred steps. */
  readonly loss: number;
  readonly images: number;
  readonly seconds: number;
}

const BATCH = 128;
const LEARNING_RATE = 0.05;
const WARM_UP = 0.2;
const MOMENTUM = 0.9;
const WEIGHT_DECAY = 5e-4;
/**
 * Up to so many numbers, features are crowded: under a margin of half a radian classes that begin side by side in a plane
 * never come past each other. So a head begins there without its margin, for this share of the run.
 */
const CROWDED = 3;
const LEAD = 0.5;
/** The purpose of the draws, so that other draws with the seed are others. */
const CENTRES = 22;

/**
 * Trains the network for digits with a head: SGD with Nesterov's momentum, the learning rate rising over a fifth of
 * the run and falling on half a cosine; where features are crowded, without the margin at first. The same seed starts
 * from the same weights and shows the same digits in the same order under every head.
 *
 * Throws    FaceError ABORTED; DIVERGED when the loss is no longer a number
 */
export async function trainDigits(training: DigitTraining): Promise<TrainedDigits> {
  const { head, digits, classes, epochs, embedding, seed, stage, signal, onProgress } = training;
  const network = digitNet({ embedding });
  const batchOf = digitBatches(digits, BATCH, seed);
  const steps = Math.ceil((epochs * digits.count) / BATCH);
  const frame = { learningRate: LEARNING_RATE, steps, warmupSteps: Math.round(WARM_UP * steps) };
  const lead = embedding <= CROWDED ? withoutMargin(head) : undefined;
  const legs = [
    ...(lead ? [{ config: lead, end: Math.round(LEAD * steps) }] : []),
    { config: head, end: steps },
  ];
  const started = performance.now();
  const recent: number[] = [];
  let weights: Weights | undefined;
  let done = 0;
  for (const { config, end } of legs) {
    await using step = await TrainingStep.open({
      network,
      batch: BATCH,
      head: (_tape, features, labels) => ({
        loss: buildHead(config, { features, labels, classes, random: seeded(seedOf(seed, CENTRES)) }).loss,
      }),
      optimiser: sgd({ momentum: MOMENTUM, weightDecay: WEIGHT_DECAY, nesterov: true }),
      device: "cpu",
      threads: 2,
      seed,
      ...(signal && { signal }),
    });
    if (weights) step.load(weights);
    for (; done < end; done++) {
      throwIfAborted(signal);
      const learningRate = learningRateAt(done, { name: "cosine", final: 0 }, frame);
      const { loss } = await step.run({ ...batchOf(done), learningRate });
      if (!Number.isFinite(loss))
        throw new FaceError("DIVERGED", {
          where: stage,
          expected: "a loss that is a number",
          got: `${loss} at step ${done}`,
        });
      recent.push(loss);
      if (recent.length > 100) recent.shift();
      onProgress?.({ stage, done: (done + 1) * BATCH, total: steps * BATCH });
      // The engine computes on this thread: without a pause nobody could ask it to stop.
      await setImmediate();
    }
    weights = await step.state();
  }
  return {
    network,
    weights: weights!,
    loss: recent.reduce((sum, loss) => sum + loss, 0) / recent.length,
    images: steps * BATCH,
    seconds: (performance.now() - started) / 1000,
  };
}
