import { z } from "zod";
import { adamW, lars, type Optimiser, sgd } from "../step/index.ts";

const share = z.number().min(0).lt(1);
/** Acts on weights of convolutions, linear layers and class centres; not on norms and PReLU slopes. */
const weightDecay = z.number().min(0).max(1);

/** The rule by which gradients change parameters. */
export const OptimiserSchema = z.discriminatedUnion("name", [
  z.strictObject({
    name: z.literal("sgd"),
    momentum: share.default(0.9),
    nesterov: z.boolean().default(false),
    weightDecay: weightDecay.default(5e-4),
  }),
  z.strictObject({
    name: z.literal("adamw"),
    beta1: share.default(0.9),
    beta2: share.default(0.999),
    epsilon: z.number().positive().max(1).default(1e-8),
    weightDecay: weightDecay.default(0.01),
  }),
  z.strictObject({
    name: z.literal("lars"),
    momentum: share.default(0.9),
    /** Share of a parameter's length that a step at learning rate 1 may change. */
    trust: z.number().positive().max(1).default(0.001),
    weightDecay: weightDecay.default(5e-4),
  }),
]);

/** One of the optimisers with its settings. */
export type OptimiserConfig = z.output<typeof OptimiserSchema>;

/** The optimiser that a configuration names. */
export function optimiserOf(config: OptimiserConfig): Optimiser {
  switch (config.name) {
    case "sgd":
      return sgd(config);
    case "adamw":
      return adamW({ ...config, eps: config.epsilon });
    case "lars":
      return lars(config);
    default:
      return config satisfies never;
  }
}
