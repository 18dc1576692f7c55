import { constant, kaimingNormal } from "./init.ts";
import {
  batchNorm,
  type Conv,
  type ConvOptions,
  conv,
  flatten,
  identity,
  type Layer,
  numbered,
  relu,
  sequence,
  sum,
} from "./layer.ts";
import type { Network } from "./network.ts";

/** Widening factor, channels, blocks, stride of the first of them. */
const STAGES = [
  [2, 64, 5, 2],
  [4, 128, 1, 2],
  [2, 128, 6, 1],
  [4, 128, 1, 2],
  [2, 128, 2, 1],
] as const;

/** Differences of this MobileFaceNet from the reference. */
export interface FoamliuOptions {
  /** @default 128 */
  readonly embedding?: number;
}

/**
 * MobileFaceNet as foamliu writes it, with ReLUs cut off at 6 in the place of PReLUs and a convolution at the end.
 *
 * Source    foamliu/MobileFaceNet, mobilefacenet.py; Chen et al., arXiv:1804.07573
 */
export function mobileFaceNetFoamliu(options: FoamliuOptions = {}): Network {
  const { embedding = 128 } = options;
  const blocks: Layer[] = [];
  let channels = 64;
  for (const [factor, width, count, stride] of STAGES) {
    for (let i = 0; i < count; i++) {
      blocks.push(block(channels, width, factor, i === 0 ? stride : 1));
      channels = width;
    }
  }
  return {
    id: "mobilefacenet-foamliu",
    title: "MobileFaceNet (foamliu)",
    input: [3, 112, 112],
    embedding,
    unitOutput: false,
    layer: sequence(
      ["conv1", activated(3, 64, 3, 2, 1)],
      [
        "dw_conv",
        sequence(
          ["depthwise", drawn(64, 64, 3, { padding: 1, groups: 64 })],
          ["bn1", batchNorm(64)],
          ["", relu()],
          ["pointwise", drawn(64, 64, 1)],
          ["bn2", batchNorm(64)],
          ["", relu()],
        ),
      ],
      ["features", numbered(...blocks)],
      ["conv2", activated(channels, 512, 1, 1, 1)],
      ["gdconv", sequence(["depthwise", drawn(512, 512, 7, { groups: 512 })], ["bn", batchNorm(512)])],
      ["conv3", drawn(512, embedding, 1, { bias: true, biasInit: constant(0) })],
      ["bn", batchNorm(embedding)],
      ["", flatten],
    ),
  };
}

function activated(
  inChannels: number,
  channels: number,
  kernel: number,
  stride: number,
  groups: number,
): Layer {
  const filter = drawn(inChannels, channels, kernel, { stride, padding: (kernel - 1) / 2, groups });
  return numbered(filter, batchNorm(channels), relu(6));
}

/** Widen, filter each channel alone, narrow; with a shortcut where nothing changes size. */
function block(inChannels: number, channels: number, factor: number, stride: number): Layer {
  const inner = inChannels * factor;
  const body = numbered(
    activated(inChannels, inner, 1, 1, 1),
    activated(inner, inner, 3, stride, inner),
    drawn(inner, channels, 1),
    batchNorm(channels),
  );
  const residual = stride === 1 && inChannels === channels;
  return residual ? sum(["", identity], ["conv", body]) : sequence(["conv", body]);
}

function drawn(inChannels: number, outChannels: number, kernel: number, options: ConvOptions = {}): Conv {
  const weightInit = kaimingNormal(outChannels * kernel * kernel);
  return conv(inChannels, outChannels, kernel, { ...options, weightInit });
}
