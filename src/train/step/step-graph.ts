import { type CompiledGraph, compile, type Form, gradients, Tape, type Value } from "../../autodiff/index.ts";
import { FaceError } from "../../core/index.ts";
import type { Network } from "../../networks/index.ts";
import { type InitialValues, recordNetwork } from "./network-graph.ts";
import { clipped, type Optimiser, type Trained } from "./optimisers/index.ts";

/** The values that a head computes: the loss that is descended, and anything else worth reading. */
export interface HeadResult {
  /** A single number. */
  readonly loss: Value;
  readonly [output: string]: Value;
}

/**
 * A function that turns features into a loss. It may declare parameters, states and inputs of its own on the tape.
 *
 * Shapes    features [N, E], labels [N]
 */
export type StepHead = (tape: Tape, features: Value, labels: Value) => HeadResult;

/** The parts of a training step. */
export interface StepDefinition {
  readonly network: Network;
  readonly head: StepHead;
  readonly optimiser: Optimiser;
  /** Pictures in each run. */
  readonly batch: number;
  /** The length that gradients as one vector are cut to; their length before is then the output `gradientNorm`. */
  readonly gradientNorm?: number;
}

/** Names of the inputs every step has, and of the output every step has. */
export const STEP_INPUTS = { images: "images", labels: "labels", learningRate: "learning rate" } as const;
export const LOSS = "loss";

/**
 * Forward pass, loss, gradients and the optimiser's update as one graph.
 *
 * Throws    FaceError USAGE when a trainable parameter has no influence on the loss
 */
export function stepGraph(definition: StepDefinition, initial: InitialValues, form: Form): CompiledGraph {
  const { tape, outputs } = recordStep(definition, initial);
  return compile(tape, outputs, form);
}

/** The step on a tape, before it becomes a graph. */
export function recordStep(
  definition: StepDefinition,
  initial: InitialValues,
): { readonly tape: Tape; readonly outputs: HeadResult; readonly trained: readonly Trained[] } {
  const { network, head, optimiser, batch, gradientNorm } = definition;
  const tape = new Tape();
  const images = tape.input(STEP_INPUTS.images, [batch, ...network.input]);
  const labels = tape.labels(STEP_INPUTS.labels, batch);
  const learningRate = tape.input(STEP_INPUTS.learningRate, []);
  const features = recordNetwork(network, images, initial);
  const outputs = head(tape, features, labels);
  const parameters = tape.slots.filter(({ trainable }) => trainable);
  const found = gradients(
    outputs.loss,
    parameters.map(({ value }) => value),
  );
  const trained = parameters.map((parameter, i): Trained => {
    const gradient = found[i];
    if (!gradient)
      throw new FaceError("USAGE", {
        where: parameter.name,
        expected: "a loss that depends on it",
        got: "one that does not",
      });
    return { parameter, gradient };
  });
  if (gradientNorm === undefined) {
    optimiser.update(tape, trained, learningRate);
    return { tape, outputs, trained };
  }
  const cut = clipped(trained, gradientNorm);
  optimiser.update(tape, cut.trained, learningRate);
  return { tape, outputs: { ...outputs, gradientNorm: cut.norm }, trained };
}
