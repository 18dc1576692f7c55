import { kaimingNormal } from "./init.ts";
import {
  batchNorm,
  type Conv,
  type ConvOptions,
  conv,
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

/** The forms InsightFace trains: blocks in each stage and the factor on the widths between blocks. */
const FORMS = {
  mbf: { blocks: [1, 4, 6, 2], scale: 2 },
  "mbf-large": { blocks: [2, 8, 12, 4], scale: 4 },
} as const;

export type MbfForm = keyof typeof FORMS;
export const MBF_FORMS: readonly MbfForm[] = ["mbf", "mbf-large"];

/** Differences of this MobileFaceNet from the reference. */
export interface MbfOptions {
  /** @default 512 */
  readonly embedding?: number;
}

/**
 * MobileFaceNet as InsightFace writes it: wider between the blocks, equally wide inside them.
 *
 * Source    deepinsight/insightface, recognition/arcface_torch/backbones/mobilefacenet.py
 */
export function mbf(form: MbfForm = "mbf", options: MbfOptions = {}): Network {
  const { embedding = 512 } = options;
  const { blocks, scale } = FORMS[form];
  const [narrow, wide] = [64 * scale, 128 * scale];
  return {
    id: form,
    title: `MobileFaceNet ${form} (InsightFace arcface_torch)`,
    input: [3, 112, 112],
    embedding,
    unitOutput: false,
    layer: sequence(
      [
        "layers",
        numbered(
          activated(3, narrow, 3, { stride: 2, padding: 1 }),
          blocks[0] === 1
            ? activated(narrow, narrow, 3, { padding: 1, groups: 64 })
            : residuals(narrow, 128, blocks[0]),
          bottleneck(narrow, narrow, 128, 2),
          residuals(narrow, 128, blocks[1]),
          bottleneck(narrow, wide, 256, 2),
          residuals(wide, 256, blocks[2]),
          bottleneck(wide, wide, 512, 2),
          residuals(wide, 256, blocks[3]),
        ),
      ],
      ["conv_sep", activated(wide, 512, 1)],
      [
        "features",
        layers(
          layers(drawn(512, 512, 7, { groups: 512 }), batchNorm(512)),
          flatten,
          linear(512, embedding, { bias: false, weightInit: kaimingNormal(embedding) }),
          batchNorm(embedding),
        ),
      ],
    ),
  };
}

/** A sequence that the reference keeps in an attribute `layers`. */
function layers(...children: Layer[]): Layer {
  return sequence(["layers", numbered(...children)]);
}

function activated(inChannels: number, channels: number, kernel: number, options: ConvOptions = {}): Layer {
  return layers(drawn(inChannels, channels, kernel, options), batchNorm(channels), prelu(channels));
}

/** Changes to `inner` channels, filters each of them alone, then to `channels`. */
function bottleneck(inChannels: number, channels: number, inner: number, stride: number): Layer {
  return layers(
    activated(inChannels, inner, 1),
    activated(inner, inner, 3, { stride, padding: 1, groups: inner }),
    layers(drawn(inner, channels, 1), batchNorm(channels)),
  );
}

function residuals(channels: number, inner: number, count: number): Layer {
  const block = sum(["", identity], ["", bottleneck(channels, channels, inner, 1)]);
  return layers(...new Array<Layer>(count).fill(block));
}

function drawn(inChannels: number, outChannels: number, kernel: number, options: ConvOptions = {}): Conv {
  const weightInit = kaimingNormal(outChannels * kernel * kernel);
  return conv(inChannels, outChannels, kernel, { ...options, weightInit });
}
