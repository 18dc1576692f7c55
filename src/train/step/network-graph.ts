import {
  add,
  batchNorm,
  clamp,
  conv2d,
  dropout,
  flatten,
  globalAveragePool,
  l2Normalize,
  linear,
  maxPool,
  multiply,
  prelu,
  relu,
  sigmoid,
  slice,
  stopGradient,
  type Tape,
  type Value,
} from "../../autodiff/index.ts";
import { internal } from "../../core/index.ts";
import { type Network, parametersOf, programOf, type Step } from "../../networks/index.ts";

/** Values of a network's parameters before training, by name. */
export type InitialValues = (name: string) => Float32Array;

/**
 * Records a network in training mode: batch statistics, which the running ones then move towards, and dropout.
 *
 * Its parameters and running statistics become the tape's, under their own names.
 *
 * Shapes    images [N, channels, height, width] → [N, network.embedding]
 */
export function recordNetwork(network: Network, images: Value, initial: InitialValues): Value {
  const { tape } = images;
  const slots = new Map<string, Value>();
  for (const { name, shape, role, trainable } of parametersOf(network)) {
    if (role === "count") continue;
    const start = (): Float32Array => initial(name);
    const running = role === "mean" || role === "variance";
    slots.set(
      name,
      running ? tape.state(name, shape, start) : tape.parameter(name, shape, start, { role, trainable }),
    );
  }
  const slot = (name: string): Value => {
    const found = slots.get(name);
    if (!found) throw internal(`${network.id} has no ${name}`);
    return found;
  };
  const program = programOf(network);
  const values: Value[] = [images];
  for (const step of program.steps)
    values[step.output] = record(
      tape,
      step,
      step.inputs.map((input) => values[input]!),
      slot,
    );
  return values[program.result]!;
}

function record(tape: Tape, step: Step, inputs: readonly Value[], slot: (name: string) => Value): Value {
  const { operation, name } = step;
  const [x] = inputs as [Value];
  const own = (parameter: string): Value => slot(`${name}.${parameter}`);
  switch (operation.kind) {
    case "conv": {
      const { stride, padding, groups, bias } = operation;
      return conv2d(x, own("weight"), { stride, padding, groups, ...(bias && { bias: own("bias") }) });
    }
    case "linear":
      return linear(x, own("weight"), operation.bias ? own("bias") : undefined);
    case "batchNorm": {
      const { channels, eps, momentum, affine } = operation;
      const constant = (value: number): Value =>
        tape.constant([channels], new Float32Array(channels).fill(value));
      const [scale, shift] = affine ? [own("weight"), own("bias")] : [constant(1), constant(0)];
      const { y, mean, variance } = batchNorm(x, scale, shift, eps);
      const count = x.shape.reduce((product, size) => product * size, 1) / channels;
      // Running variances are of the population: divided by one less than the number of elements.
      const unbiased = multiply(variance, count / Math.max(count - 1, 1));
      moveTowards(tape, own("running_mean"), mean, momentum);
      moveTowards(tape, own("running_var"), unbiased, momentum);
      return y;
    }
    case "prelu":
      return prelu(x, own("weight"));
    case "relu":
      return operation.ceiling === Number.POSITIVE_INFINITY ? relu(x) : clamp(x, 0, operation.ceiling);
    case "maxPool":
      return maxPool(x, operation.kernel, operation.stride);
    case "cropColumns":
      return slice(x, 3, operation.margin, x.shape[3]! - operation.margin);
    case "globalAveragePool":
      return globalAveragePool(x);
    case "sigmoid":
      return sigmoid(x);
    case "flatten":
      return flatten(x);
    case "add":
      return add(x, inputs[1]!);
    case "multiply":
      return multiply(x, inputs[1]!);
    case "l2Norm":
      return l2Normalize(x);
    case "dropout":
      return dropout(x, operation.rate ?? 0, `dropout ${name}`);
    default:
      return operation satisfies never;
  }
}

/** running ← (1 − momentum)·running + momentum·newest. */
function moveTowards(tape: Tape, running: Value, newest: Value, momentum: number): void {
  tape.assign(running, add(multiply(running, 1 - momentum), multiply(stopGradient(newest), momentum)));
}
