import type { BatchNorm, Conv, Linear } from "./layer.ts";
import type { Program, Step } from "./program.ts";
import type { Weights } from "./weights.ts";

/** A layer with weights that a batch norm can be merged into. */
export type Foldable = Conv | Linear;

/** The batch norms that disappear, and the layers that take them in. Steps are named by the value they make. */
export interface FoldPlan {
  /** Batch norms that are merged away, and the value each result is then equal to. */
  readonly replaced: ReadonlyMap<number, number>;
  /** For a convolution or linear layer: the batch norm that followed it. */
  readonly after: ReadonlyMap<number, Step>;
  /** For a linear layer: the batch norm in front of it, with nothing but reshaping between. */
  readonly before: ReadonlyMap<number, Step>;
}

/** A plan that merges nothing. */
export const NO_FOLDS: FoldPlan = { replaced: new Map(), after: new Map(), before: new Map() };

/**
 * Finds the batch norms that inference does not need as operations.
 *
 * One behind a convolution or linear layer scales that layer's rows. One in front of a linear layer scales its columns.
 * One in front of a convolution stays: that convolution pads with zeros after the norm, which zeros in front of it
 * are not.
 */
export function planFolds(program: Program): FoldPlan {
  const makers = new Map(program.steps.map((step) => [step.output, step]));
  const takers = new Map<number, Step[]>();
  for (const step of program.steps)
    for (const input of step.inputs) takers.set(input, [...(takers.get(input) ?? []), step]);
  const onlyTaker = (value: number): Step | undefined => {
    const steps = takers.get(value) ?? [];
    return steps.length === 1 && value !== program.result ? steps[0] : undefined;
  };
  const replaced = new Map<number, number>();
  const after = new Map<number, Step>();
  const before = new Map<number, Step>();
  for (const step of program.steps) {
    if (step.operation.kind !== "batchNorm") continue;
    const [input = 0] = step.inputs;
    const maker = makers.get(input);
    if (maker && isFoldable(maker) && onlyTaker(input)) {
      after.set(maker.output, step);
      replaced.set(step.output, input);
      continue;
    }
    let next = onlyTaker(step.output);
    while (next && RESHAPING.has(next.operation.kind)) next = onlyTaker(next.output);
    if (next?.operation.kind === "linear") {
      before.set(next.output, step);
      replaced.set(step.output, input);
    }
  }
  return { replaced, after, before };
}

/** Weight and bias of a convolution or linear layer with its neighbouring batch norms merged in. */
export function foldedWeights(
  step: Step,
  layer: Foldable,
  plan: FoldPlan,
  weights: Weights,
): { readonly weight: Float32Array<ArrayBuffer>; readonly bias: Float32Array<ArrayBuffer> | undefined } {
  const weight = weights.get(`${step.name}.weight`)!.floats();
  const rows = layer.kind === "conv" ? layer.outChannels : layer.outFeatures;
  const columns = weight.length / rows;
  let bias = layer.bias ? weights.get(`${step.name}.bias`)!.floats() : undefined;
  const before = plan.before.get(step.output);
  if (before) {
    bias ??= new Float32Array(rows);
    const { scale, shift } = affineOf(before, weights);
    const area = columns / scale.length;
    for (let row = 0; row < rows; row++) {
      let moved = 0;
      for (let column = 0; column < columns; column++) {
        const channel = Math.floor(column / area);
        const at = row * columns + column;
        moved += weight[at]! * shift[channel]!;
        weight[at] = weight[at]! * scale[channel]!;
      }
      bias[row] = bias[row]! + moved;
    }
  }
  const after = plan.after.get(step.output);
  if (after) {
    bias ??= new Float32Array(rows);
    const { scale, shift } = affineOf(after, weights);
    for (let row = 0; row < rows; row++) {
      const factor = scale[row]!;
      for (let at = row * columns; at < (row + 1) * columns; at++) weight[at] = weight[at]! * factor;
      bias[row] = bias[row]! * factor + shift[row]!;
    }
  }
  return { weight, bias };
}

function isFoldable(step: Step): boolean {
  return step.operation.kind === "conv" || step.operation.kind === "linear";
}

const RESHAPING: ReadonlySet<string> = new Set(["flatten", "dropout"]);

/** A batch norm in evaluation as x · scale + shift, per channel, in double precision. */
function affineOf(
  step: Step,
  weights: Weights,
): { readonly scale: Float64Array; readonly shift: Float64Array } {
  const { channels, eps, affine } = step.operation as BatchNorm;
  const value = (name: string): Float32Array => weights.get(`${step.name}.${name}`)!.floats();
  const [mean, variance] = [value("running_mean"), value("running_var")];
  const gain = affine ? value("weight") : new Float32Array(channels).fill(1);
  const offset = affine ? value("bias") : new Float32Array(channels);
  const scale = Float64Array.from(gain, (g, i) => g / Math.sqrt(variance[i]! + eps));
  return { scale, shift: Float64Array.from(offset, (b, i) => b - mean[i]! * scale[i]!) };
}
