import type { Slot, Tape, Value } from "../../../autodiff/index.ts";

/**
 * A rule that turns gradients into new values of parameters, recorded on the same tape as the network.
 *
 * It declares its memory from step to step as states of the tape, named `optimiser.<what>.<parameter>`; their
 * initial values are the rule's beginning.
 */
export interface Optimiser {
  readonly name: string;
  /** Records the next value of every parameter. `learningRate` has no axes. */
  update(tape: Tape, trained: readonly Trained[], learningRate: Value): void;
}

/** A parameter and the gradient that reached it. */
export interface Trained {
  readonly parameter: Slot;
  readonly gradient: Value;
}

/** The parameters that shrink on their own, and by how much. */
export interface WeightDecay {
  /** @default 0 */
  readonly weightDecay?: number;
  /** True if biases shrink as well. Scales and shifts of norms and slopes never do. @default true */
  readonly decayBias?: boolean;
}

/** The decay that acts on a parameter: 0 for norms and PReLU slopes. */
export function decayOf({ role }: Slot, { weightDecay = 0, decayBias = true }: WeightDecay): number {
  return role === "weight" || (role === "bias" && decayBias) ? weightDecay : 0;
}

/** A state of zeros beside a parameter. */
export function memory(tape: Tape, what: string, { name, value }: Slot): Value {
  const { shape } = value;
  const length = shape.reduce((product, size) => product * size, 1);
  return tape.state(`optimiser.${what}.${name}`, shape, () => new Float32Array(length), value);
}
