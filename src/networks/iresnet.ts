import { normal } from "./init.ts";
import {
  batchNorm,
  type Child,
  type Conv,
  type ConvOptions,
  conv,
  dropout,
  flatten,
  identity,
  type Layer,
  linear,
  numbered,
  prelu,
  sequence,
  sum,
} from "./layer.ts";
import type { Network } from "./network.ts";

/** Blocks in each of the four stages. */
const STAGES = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 14, 3],
  100: [3, 13, 30, 3],
  200: [6, 26, 60, 6],
} as const;

/** Channels of each stage. */
const WIDTHS = [64, 128, 256, 512] as const;

/** The depths this family comes in, by their customary number. */
export type IresnetDepth = keyof typeof STAGES;
export const IRESNET_DEPTHS: readonly IresnetDepth[] = [18, 34, 50, 100, 200];

/** Differences of an iResNet from the reference. */
export interface IresnetOptions {
  /** Side of the square picture: a multiple of 16. @default 112 */
  readonly inputSize?: number;
  /** @default 512 */
  readonly embedding?: number;
  /** Chance that a value before the last linear layer is dropped in training. @default 0 */
  readonly dropout?: number;
}

/**
 * InsightFace's residual networks: their r18 to r200.
 *
 * Source    deepinsight/insightface, recognition/arcface_torch/backbones/iresnet.py: names, order, convolutions drawn
 *           with standard deviation 0.1, the scale of the last batch norm frozen at 1; Duta et al., arXiv:2004.04989
 */
export function iresnet(depth: IresnetDepth, options: IresnetOptions = {}): Network {
  const { inputSize = 112, embedding = 512, dropout: rate = 0 } = options;
  const side = inputSize / 16;
  const last = WIDTHS[3];
  let channels: number = WIDTHS[0];
  const stages = STAGES[depth].map((count, stage): Child => {
    const blocks: Layer[] = [];
    for (let i = 0; i < count; i++) {
      blocks.push(block(channels, WIDTHS[stage]!, i === 0 ? 2 : 1));
      channels = WIDTHS[stage]!;
    }
    return [`layer${stage + 1}`, numbered(...blocks)];
  });
  return {
    id: `iresnet-${depth}`,
    title: `iResNet-${depth} (InsightFace arcface_torch)`,
    input: [3, inputSize, inputSize],
    embedding,
    unitOutput: false,
    layer: sequence(
      ["conv1", drawn(3, WIDTHS[0], 3, { padding: 1 })],
      ["bn1", batchNorm(WIDTHS[0])],
      ["prelu", prelu(WIDTHS[0])],
      ...stages,
      ["bn2", batchNorm(last)],
      ["flatten", flatten],
      ["dropout", dropout(rate)],
      ["fc", linear(last * side * side, embedding)],
      ["features", batchNorm(embedding, { scaleTrainable: false })],
    ),
  };
}

/** Two convolutions between three batch norms; the first of a stage halves the map and projects the shortcut. */
function block(inChannels: number, channels: number, stride: number): Layer {
  const residual = sequence(
    ["bn1", batchNorm(inChannels)],
    ["conv1", drawn(inChannels, channels, 3, { padding: 1 })],
    ["bn2", batchNorm(channels)],
    ["prelu", prelu(channels)],
    ["conv2", drawn(channels, channels, 3, { padding: 1, stride })],
    ["bn3", batchNorm(channels)],
  );
  const projected = numbered(drawn(inChannels, channels, 1, { stride }), batchNorm(channels));
  return sum(["", residual], ["downsample", stride === 1 ? identity : projected]);
}

function drawn(inChannels: number, outChannels: number, kernel: number, options: ConvOptions): Conv {
  return conv(inChannels, outChannels, kernel, { ...options, weightInit: normal(0.1) });
}
