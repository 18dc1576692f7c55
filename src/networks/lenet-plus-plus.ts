import { type Child, conv, flatten, linear, maxPool, prelu, sequence } from "./layer.ts";
import type { Network } from "./network.ts";

/** Channels of each of the three stages. */
const WIDTHS = [32, 64, 128] as const;

/** Differences of LeNet++ from the reference. */
export interface LeNetPlusPlusOptions {
  /** @default 2, so that an embedding is a point on paper */
  readonly embedding?: number;
  /** `shared`: one PReLU slope per layer, as the reference code; `channel`: one per channel, as the paper. @default "shared" */
  readonly slopes?: "shared" | "channel";
  /** True if a PReLU follows the embedding, as in the reference code. @default true */
  readonly activatedEmbedding?: boolean;
}

/**
 * The network for MNIST of the centre loss paper, up to its embedding: grey 28×28 pictures in.
 *
 * Source    Wen et al., A Discriminative Feature Learning Approach for Deep Face Recognition, ECCV 2016, figure 2 and
 *           table 1; names as in KaiyangZhou/pytorch-center-loss, models.py, without its classifier `fc2`
 */
export function leNetPlusPlus(options: LeNetPlusPlusOptions = {}): Network {
  const { embedding = 2, slopes = "shared", activatedEmbedding = true } = options;
  const slopesOf = (channels: number): number => (slopes === "shared" ? 1 : channels);
  let channels = 1;
  const stages = WIDTHS.flatMap((width, i): Child[] => {
    const stage: Child[] = [];
    for (const half of [1, 2]) {
      stage.push([`conv${i + 1}_${half}`, conv(channels, width, 5, { padding: 2, bias: true })]);
      stage.push([`prelu${i + 1}_${half}`, prelu(slopesOf(width))]);
      channels = width;
    }
    return [...stage, ["", maxPool(2, 2)]];
  });
  const last: Child[] = activatedEmbedding ? [["prelu_fc1", prelu(slopesOf(embedding))]] : [];
  return {
    id: "lenet++",
    title: "LeNet++ for MNIST (centre loss paper)",
    input: [1, 28, 28],
    embedding,
    unitOutput: false,
    layer: sequence(...stages, ["", flatten], ["fc1", linear(channels * 3 * 3, embedding)], ...last),
  };
}
