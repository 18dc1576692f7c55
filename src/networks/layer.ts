import { defaultInit, type Init } from "./init.ts";

/**
 * A network as a tree of layers. The tree says what is computed and what its parameters are called; what it becomes
 * (an inference graph, a training graph, a list of parameters) is decided by whoever walks it.
 */
export type Layer = Leaf | Sequence | Combination;

/** A layer that computes. */
export type Leaf = Conv | BatchNorm | Prelu | Relu | Linear | MaxPool | CropColumns | Plain;

/** A layer under the name that its parameters' names begin with. An empty name adds nothing to them. */
export type Child = readonly [name: string, layer: Layer];

/** One layer after another. Without children: the identity. */
export interface Sequence {
  readonly kind: "sequence";
  readonly children: readonly Child[];
}

/** Branches over the same input, added up or multiplied together. */
export interface Combination {
  readonly kind: "sum" | "product";
  readonly branches: readonly Child[];
}

/** Shapes: [N, inChannels, H, W] → [N, outChannels, H', W']; weight [outChannels, inChannels / groups, kernel, kernelWidth]. */
export interface Conv {
  readonly kind: "conv";
  readonly inChannels: number;
  readonly outChannels: number;
  /** Rows of the kernel. */
  readonly kernel: number;
  readonly kernelWidth: number;
  readonly stride: number;
  /** Zeros added on every side. */
  readonly padding: number;
  readonly groups: number;
  readonly bias: boolean;
  readonly weightInit: Init;
  readonly biasInit: Init;
}

/** Normalises each channel: by the batch in training, by running statistics in evaluation. */
export interface BatchNorm {
  readonly kind: "batchNorm";
  readonly channels: number;
  readonly eps: number;
  /** Weight of the newest batch in the running statistics. */
  readonly momentum: number;
  /** True if it has a scale and a shift of its own. */
  readonly affine: boolean;
  /** False where the reference code freezes the scale at 1. */
  readonly scaleTrainable: boolean;
}

/** x above zero, slope · x below. */
export interface Prelu {
  readonly kind: "prelu";
  /** One slope per channel, or 1 slope for all. */
  readonly slopes: number;
  readonly initialSlope: number;
}

export interface Relu {
  readonly kind: "relu";
  /** Highest output, where it is cut off; infinity for plain ReLU. */
  readonly ceiling: number;
}

/** Shapes: [N, inFeatures] → [N, outFeatures]; weight [outFeatures, inFeatures]. */
export interface Linear {
  readonly kind: "linear";
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly bias: boolean;
  readonly weightInit: Init;
  readonly biasInit: Init;
}

/** No padding; a remainder at the edge is dropped. */
export interface MaxPool {
  readonly kind: "maxPool";
  readonly kernel: number;
  readonly stride: number;
}

/** Leaves as many columns out on each side: [N, C, H, W] → [N, C, H, W − 2 · margin]. */
export interface CropColumns {
  readonly kind: "cropColumns";
  readonly margin: number;
}

/** Layers that the kind alone describes. `flatten`: [N, C, H, W] → [N, C·H·W]; `l2Norm`: rows to length 1. */
export interface Plain {
  readonly kind: "sigmoid" | "globalAveragePool" | "flatten" | "dropout" | "l2Norm";
  /** Chance in training that a value is dropped. */
  readonly rate?: number;
}

export const sequence = (...children: Child[]): Sequence => ({ kind: "sequence", children });
export const sum = (...branches: Child[]): Combination => ({ kind: "sum", branches });
export const product = (...branches: Child[]): Combination => ({ kind: "product", branches });
export const identity: Sequence = { kind: "sequence", children: [] };

/** Children named by their place, as PyTorch's Sequential names them. */
export const numbered = (...layers: Layer[]): Sequence => ({
  kind: "sequence",
  children: layers.map((layer, i) => [String(i), layer]),
});

/** Differences of a convolution from the usual. */
export interface ConvOptions {
  /** @default as many as the kernel has rows */
  readonly kernelWidth?: number;
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly weightInit?: Init;
  readonly biasInit?: Init;
}

export function conv(
  inChannels: number,
  outChannels: number,
  kernel: number,
  options: ConvOptions = {},
): Conv {
  const { stride = 1, padding = 0, groups = 1, bias = false, kernelWidth = kernel } = options;
  const init = defaultInit((inChannels / groups) * kernel * kernelWidth);
  const { weightInit = init, biasInit = init } = options;
  return {
    kind: "conv",
    inChannels,
    outChannels,
    kernel,
    kernelWidth,
    stride,
    padding,
    groups,
    bias,
    weightInit,
    biasInit,
  };
}

export function batchNorm(
  channels: number,
  options: { readonly affine?: boolean; readonly scaleTrainable?: boolean } = {},
): BatchNorm {
  const { affine = true, scaleTrainable = true } = options;
  return { kind: "batchNorm", channels, eps: 1e-5, momentum: 0.1, affine, scaleTrainable };
}

export const prelu = (slopes: number): Prelu => ({ kind: "prelu", slopes, initialSlope: 0.25 });
export const relu = (ceiling = Number.POSITIVE_INFINITY): Relu => ({ kind: "relu", ceiling });

export function linear(
  inFeatures: number,
  outFeatures: number,
  options: { readonly bias?: boolean; readonly weightInit?: Init } = {},
): Linear {
  const { bias = true, weightInit = defaultInit(inFeatures) } = options;
  return {
    kind: "linear",
    inFeatures,
    outFeatures,
    bias,
    weightInit,
    biasInit: defaultInit(inFeatures),
  };
}

export const maxPool = (kernel: number, stride: number): MaxPool => ({ kind: "maxPool", kernel, stride });
export const cropColumns = (margin: number): CropColumns => ({ kind: "cropColumns", margin });
export const flatten: Plain = { kind: "flatten" };
export const sigmoid: Plain = { kind: "sigmoid" };
export const globalAveragePool: Plain = { kind: "globalAveragePool" };
export const l2Norm: Plain = { kind: "l2Norm" };
export const dropout = (rate: number): Plain => ({ kind: "dropout", rate });
