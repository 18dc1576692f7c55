import type { z } from "zod";
import type { Value } from "../../autodiff/index.ts";
import type { Random } from "../../core/index.ts";

/** The values that a head is built on. */
export interface HeadInput {
  /** Shapes [N, D]; of any length, heads normalise where they want to. */
  readonly features: Value;
  /** Shapes [N]; 0…classes − 1, or −1 for a row that shows none of the classes and counts in no loss. */
  readonly labels: Value;
  readonly classes: number;
  /** Draws the first class centres. */
  readonly random: Random;
  /** Shapes [S]; the classes that this step looks at, when it does not look at all. See {@link sampleClasses}. */
  readonly sampled?: Value;
}

/** The values that a head puts on the tape. C is the number of classes, of sampled ones where they are sampled. */
export interface HeadOutput {
  /** Shapes []; what training minimises: the mean cross-entropy over rows with a label, and the head's own terms. */
  readonly loss: Value;
  /** Shapes [N, C]; what the cross-entropy is taken of, margin and scale included. */
  readonly logits: Value;
  /** Shapes [N, C]; cosines between features and class centres as they are, without a margin: what a network has learnt. */
  readonly cosines: Value;
}

/** The last chapter of a network that is being trained: features and labels in, loss out. */
export interface Head<S extends z.ZodType = z.ZodType> {
  /** Its name in configurations. */
  readonly name: string;
  readonly title: string;
  /** The settings, with defaults; unknown keys are refused. */
  readonly config: S;
  /** Records the head behind the features. Parameters are called `head.…`. */
  build(config: z.output<S>, input: HeadInput): HeadOutput;
}

/** A head whose `build` is typed by its configuration. */
export function defineHead<S extends z.ZodType>(head: Head<S>): Head<S> {
  return head;
}
