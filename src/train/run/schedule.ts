import { z } from "zod";

const factor = z.number().min(0).max(1);

/** Fall of the learning rate over a run; see {@link learningRateAt} for the formulas. */
export const ScheduleSchema = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("constant") }),
  z.strictObject({
    name: z.literal("step"),
    /** Steps at which it falls, as shares of the run (below 1) in rising order. */
    at: z.array(z.number().gt(0).lt(1)).min(1).default([0.5, 0.75]),
    factor: factor.default(0.1),
  }),
  z.strictObject({ name: z.literal("cosine"), final: factor.default(0) }),
  z.strictObject({
    name: z.literal("polynomial"),
    power: z.number().positive().max(10).default(2),
    final: factor.default(0),
  }),
]);

/** One of the schedules. */
export type Schedule = z.infer<typeof ScheduleSchema>;

/** The numbers that the learning rate of a step depends on beside the schedule. */
export interface ScheduleFrame {
  /** The rate that everything is a share of. */
  readonly learningRate: number;
  /** Steps in the whole run. */
  readonly steps: number;
  /** Steps over which the rate first rises in a line; 0 for none. */
  readonly warmupSteps: number;
}

/**
 * The learning rate of a step, 0…steps−1; a function of nothing else, so that a run resumes where it was.
 *
 * Formula   with t = (step − warmup) / (steps − warmup):
 *           warm-up     rate · (step + 1) / warmup
 *           constant    rate
 *           step        rate · factor^(number of places passed)
 *           cosine      rate · (final + (1 − final) · (1 + cos πt) / 2)
 *           polynomial  rate · (final + (1 − final) · (1 − t)^power)
 */
export function learningRateAt(step: number, schedule: Schedule, frame: ScheduleFrame): number {
  const { learningRate, steps, warmupSteps } = frame;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const t = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  switch (schedule.name) {
    case "constant":
      return learningRate;
    case "step":
      return learningRate * schedule.factor ** schedule.at.filter((place) => t >= place).length;
    case "cosine":
      return learningRate * falling(schedule.final, (1 + Math.cos(Math.PI * t)) / 2);
    case "polynomial":
      return learningRate * falling(schedule.final, (1 - t) ** schedule.power);
    default:
      return schedule satisfies never;
  }
}

const falling = (final: number, share: number): number => final + (1 - final) * share;
