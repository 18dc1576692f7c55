import {
  batchNorm,
  type Child,
  conv,
  dropout,
  flatten,
  globalAveragePool,
  identity,
  type Layer,
  l2Norm,
  linear,
  maxPool,
  numbered,
  prelu,
  product,
  relu,
  sequence,
  sigmoid,
  sum,
} from "./layer.ts";
import type { Network } from "./network.ts";

/** Units in each of the four stages. */
const STAGES = { 50: [3, 4, 14, 3], 100: [3, 13, 30, 3], 152: [3, 8, 36, 3] } as const;

/** Channels of each stage. */
const WIDTHS = [64, 128, 256, 512] as const;

/** The depths this family comes in, by their customary number. */
export type IrDepth = keyof typeof STAGES;
export const IR_DEPTHS: readonly IrDepth[] = [50, 100, 152];

/** Differences of an IR network from the article's. */
export interface IrOptions {
  /** Side of the square picture: a multiple of 16. @default 112 */
  readonly inputSize?: number;
  /** @default 512 */
  readonly embedding?: number;
  /** Chance that a value before the last linear layer is dropped in training. @default 0.6 */
  readonly dropout?: number;
  /** True if the last batch norm has a scale and a shift; some users' code leaves them out. @default true */
  readonly affine?: boolean;
}

/**
 * The improved residual networks of the ArcFace paper, with squeeze-and-excitation (`IR-SE`) or without (`IR`).
 *
 * `irNetwork(50, true)` is the network of `model_ir_se50.pth`.
 *
 * Source    TreB1eN/InsightFace_Pytorch, model.py (`Backbone`), for names, order and PyTorch's default initial values;
 *           Deng et al., arXiv:1801.07698; Hu et al., arXiv:1709.01507
 */
export function irNetwork(depth: IrDepth, squeezeExcitation: boolean, options: IrOptions = {}): Network {
  const { inputSize = 112, embedding = 512, dropout: rate = 0.6, affine = true } = options;
  const side = inputSize / 16;
  const last = WIDTHS[3];
  const units: Layer[] = [];
  let channels: number = WIDTHS[0];
  for (const [stage, count] of STAGES[depth].entries()) {
    for (let i = 0; i < count; i++) {
      units.push(unit(channels, WIDTHS[stage]!, i === 0 ? 2 : 1, squeezeExcitation));
      channels = WIDTHS[stage]!;
    }
  }
  return {
    id: `ir-${squeezeExcitation ? "se-" : ""}${depth}`,
    title: `IR-${squeezeExcitation ? "SE-" : ""}${depth} (TreB1eN)`,
    input: [3, inputSize, inputSize],
    embedding,
    unitOutput: true,
    layer: sequence(
      [
        "input_layer",
        numbered(conv(3, WIDTHS[0], 3, { padding: 1 }), batchNorm(WIDTHS[0]), prelu(WIDTHS[0])),
      ],
      ["body", numbered(...units)],
      [
        "output_layer",
        numbered(
          batchNorm(last),
          dropout(rate),
          flatten,
          linear(last * side * side, embedding),
          batchNorm(embedding, { affine }),
        ),
      ],
      ["", l2Norm],
    ),
  };
}

/** The stride is in the second convolution; where nothing else changes, the shortcut keeps every stride-th pixel. */
function unit(inChannels: number, channels: number, stride: number, squeezeExcitation: boolean): Layer {
  const residual: Layer[] = [
    batchNorm(inChannels),
    conv(inChannels, channels, 3, { padding: 1 }),
    prelu(channels),
    conv(channels, channels, 3, { padding: 1, stride }),
    batchNorm(channels),
  ];
  if (squeezeExcitation) residual.push(excitation(channels, 16));
  const projected = numbered(conv(inChannels, channels, 1, { stride }), batchNorm(channels));
  const same = stride === 1 ? identity : maxPool(1, stride);
  const shortcut: Child = ["shortcut_layer", inChannels === channels ? same : projected];
  return sum(["res_layer", numbered(...residual)], shortcut);
}

/** Weighs each channel by what all channels hold on average. */
function excitation(channels: number, reduction: number): Layer {
  const gate = sequence(
    ["avg_pool", globalAveragePool],
    ["fc1", conv(channels, channels / reduction, 1)],
    ["relu", relu()],
    ["fc2", conv(channels / reduction, channels, 1)],
    ["sigmoid", sigmoid],
  );
  return product(["", identity], ["", gate]);
}
