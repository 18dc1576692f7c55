import {
  batchNorm,
  type Child,
  conv,
  flatten,
  identity,
  type Layer,
  l2Norm,
  linear,
  numbered,
  prelu,
  sequence,
  sum,
} from "./layer.ts";
import type { Network } from "./network.ts";

/** Differences of a MobileFaceNet from the reference. */
export interface MobileFaceNetOptions {
  /** @default 512 */
  readonly embedding?: number;
}

/**
 * MobileFaceNet as TreB1eN writes it.
 *
 * Source    TreB1eN/InsightFace_Pytorch, model.py (`MobileFaceNet`), for names, order and PyTorch's default initial
 *           values; Chen et al., arXiv:1804.07573
 */
export function mobileFaceNet(options: MobileFaceNetOptions = {}): Network {
  const { embedding = 512 } = options;
  return {
    id: "mobilefacenet",
    title: "MobileFaceNet (TreB1eN)",
    input: [3, 112, 112],
    embedding,
    unitOutput: true,
    layer: sequence(
      ["conv1", activated(3, 64, 3, 2, 1)],
      ["conv2_dw", activated(64, 64, 3, 1, 64)],
      ["conv_23", bottleneck(64, 64, 128, 2)],
      ["conv_3", residuals(64, 128, 4)],
      ["conv_34", bottleneck(64, 128, 256, 2)],
      ["conv_4", residuals(128, 256, 6)],
      ["conv_45", bottleneck(128, 128, 512, 2)],
      ["conv_5", residuals(128, 256, 2)],
      ["conv_6_sep", activated(128, 512, 1, 1, 1)],
      // One weight per pixel and channel, in place of an average.
      ["conv_6_dw", sequence(["conv", conv(512, 512, 7, { groups: 512 })], ["bn", batchNorm(512)])],
      ["conv_6_flatten", flatten],
      ["linear", linear(512, embedding, { bias: false })],
      ["bn", batchNorm(embedding)],
      ["", l2Norm],
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
  return sequence(
    ["conv", conv(inChannels, channels, kernel, { stride, padding: (kernel - 1) / 2, groups })],
    ["bn", batchNorm(channels)],
    ["prelu", prelu(channels)],
  );
}

/** Widens to `inner` channels, filters each of them alone, narrows again. */
function bottleneck(inChannels: number, channels: number, inner: number, stride: number): Layer {
  return sequence(
    ["conv", activated(inChannels, inner, 1, 1, 1)],
    ["conv_dw", activated(inner, inner, 3, stride, inner)],
    ["project", sequence(["conv", conv(inner, channels, 1)], ["bn", batchNorm(channels)])],
  );
}

function residuals(channels: number, inner: number, count: number): Layer {
  const block = sum(["", bottleneck(channels, channels, inner, 1)], ["", identity]);
  const model: Child = ["model", numbered(...new Array<Layer>(count).fill(block))];
  return sequence(model);
}
