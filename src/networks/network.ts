import type { Layer } from "./layer.ts";

/** A network's definition: the one place that inference, training and recognition of checkpoints all start from. */
export interface Network {
  /** `ir-se-50`, for example: unique among the networks this library knows. */
  readonly id: string;
  /** Its authors' name for it, for people. */
  readonly title: string;
  /** [channels, height, width] of one picture. */
  readonly input: readonly [channels: number, height: number, width: number];
  /** Numbers in an embedding. */
  readonly embedding: number;
  /** True if the reference code's own output has length 1. */
  readonly unitOutput: boolean;
  readonly layer: Layer;
}
