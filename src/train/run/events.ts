import type { HeldOutVerification } from "./verification.ts";

/** Measurements of a step, on its own batch before its update. */
export interface StepMeasures {
  readonly loss: number;
  /** Share of rows whose own class is the nearest, 0…1. */
  readonly accuracy: number;
  /** Mean angle to the own class and to the nearest other one, in degrees. */
  readonly ownDeg: number;
  readonly nearestDeg: number;
}

/** An event of a run, in the order of `events.jsonl`. `step` is the number of steps done. */
export type RunEvent =
  | {
      readonly kind: "started";
      readonly step: 0;
      readonly steps: number;
      readonly network: string;
      readonly parameters: number;
      readonly embedding: number;
      readonly classes: number;
      readonly examples: number;
      readonly heldOut: number;
      readonly single: number;
      readonly leftOut: number;
      readonly device: string;
    }
  | { readonly kind: "resumed"; readonly step: number; readonly checkpoint: string }
  | ({
      readonly kind: "step";
      readonly step: number;
      readonly epoch: number;
      readonly learningRate: number;
      /** Pictures a second since the last such event. */
      readonly imagesPerSecond: number;
      /** Time left at that rate. */
      readonly secondsLeft: number;
      /** Share of that time in which the engine waited for a batch, 0…1. */
      readonly waiting: number;
    } & StepMeasures)
  | ({ readonly kind: "validation"; readonly step: number; readonly best: boolean } & HeldOutVerification)
  | { readonly kind: "checkpoint"; readonly step: number; readonly path: string }
  | { readonly kind: "warning"; readonly step: number; readonly message: string }
  | {
      readonly kind: "stopped";
      readonly step: number;
      /** All steps done, no better validation for long, or the caller's wish. */
      readonly reason: "finished" | "patience" | "interrupted";
    }
  | { readonly kind: "exported"; readonly step: number; readonly path: string; readonly from: number };
