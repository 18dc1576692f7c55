import type { LabelledScores } from "./operating-points.ts";

/** Scored pairs with the people in them. */
export interface IdentifiedScores extends LabelledScores {
  /** Number of the person on each side, 0…people−1; [pairs]. The two are equal for a genuine pair. */
  readonly a: Uint32Array;
  readonly b: Uint32Array;
  readonly people: number;
}

/** An interval of a figure. */
export type Interval = readonly [low: number, high: number];
