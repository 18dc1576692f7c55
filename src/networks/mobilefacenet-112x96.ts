import { kaimingNormal } from "./init.ts";
import {
  batchNorm,
  type Conv,
  type ConvOptions,
  conv,
  cropColumns,
  flatten,
  identity,
  type Layer,
  numbered,
  prelu,
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
export interface NarrowOptions {
  /** @default 128 */
  readonly embedding?: number;
}

/**
 * MobileFaceNet for pictures of 96 columns and 112 rows, as Xiaoccer writes it.
 *
 * The alignment template of 96 × 112 is that of 112 × 112 moved by 8 pixels, so that its pictures are the middle columns
 * of the usual ones: the network here takes those and leaves 8 columns out on each side. The reference feeds RGB as
 * (byte − 127.5) / 128.
 *
 * Source    Xiaoccer/MobileFaceNet_Pytorch, core/model.py and dataloader/LFW_loader.py; Chen et al., arXiv:1804.07573
 */
export function mobileFaceNet112x96({ embedding = 128 }: NarrowOptions = {}): Network {
  const blocks: Layer[] = [];
  let channels = 64;
  for (const [factor, width, count, stride] of STAGES) {
    for (let i = 0; i < count; i++) {
      blocks.push(block(channels, width, factor, i === 0 ? stride : 1));
      channels = width;
    }
  }
  return {
    id: "mobilefacenet-112x96",
    title: "MobileFaceNet 112×96 (Xiaoccer), over the middle columns of 112×112",
    input: [3, 112, 112],
    embedding,
    unitOutput: false,
    layer: sequence(
      ["", cropColumns(8)],
      ["conv1", activated(drawn(3, 64, 3, { stride: 2, padding: 1 }))],
      ["dw_conv1", activated(drawn(64, 64, 3, { padding: 1, groups: 64 }))],
      ["blocks", numbered(...blocks)],
      ["conv2", activated(drawn(channels, 512, 1))],
      ["linear7", plain(drawn(512, 512, 7, { kernelWidth: 6, groups: 512 }))],
      ["linear1", plain(drawn(512, embedding, 1))],
      ["", flatten],
    ),
  };
}

function activated(filter: Conv): Layer {
  return sequence(
    ["conv", filter],
    ["bn", batchNorm(filter.outChannels)],
    ["prelu", prelu(filter.outChannels)],
  );
}

function plain(filter: Conv): Layer {
  return sequence(["conv", filter], ["bn", batchNorm(filter.outChannels)]);
}

/** Widen, filter each channel alone, narrow; with a shortcut where nothing changes size. */
function block(inChannels: number, channels: number, factor: number, stride: number): Layer {
  const inner = inChannels * factor;
  const body = numbered(
    drawn(inChannels, inner, 1),
    batchNorm(inner),
    prelu(inner),
    drawn(inner, inner, 3, { stride, padding: 1, groups: inner }),
    batchNorm(inner),
    prelu(inner),
    drawn(inner, channels, 1),
    batchNorm(channels),
  );
  const residual = stride === 1 && inChannels === channels;
  return residual ? sum(["", identity], ["conv", body]) : sequence(["conv", body]);
}

function drawn(inChannels: number, outChannels: number, kernel: number, options: ConvOptions = {}): Conv {
  const weightInit = kaimingNormal(outChannels * kernel * (options.kernelWidth ?? kernel));
  return conv(inChannels, outChannels, kernel, { ...options, weightInit });
}
