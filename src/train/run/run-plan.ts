import { type Examples, identitySampler, type Sampler, shuffledSampler } from "../data/index.ts";
import { sampledClassCount } from "../heads/index.ts";
import { learningRateAt } from "./schedule.ts";
import type { SettledConfig } from "./settle.ts";

/** When what happens in a run: functions of the step, known before the first one. */
export interface RunPlan {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly sampler: Sampler;
  readonly classes: number;
  /** Classes that a step looks at. */
  readonly sampledClasses: number;
  learningRate(step: number): number;
  /** True if something is due after so many steps are done. */
  logs(done: number): boolean;
  validates(done: number): boolean;
  checkpoints(done: number): boolean;
}

/** Default length of a run, in epochs. */
const EPOCHS = 10;
/** Steps between checkpoints, where an epoch is longer. */
const MOST_BETWEEN_CHECKPOINTS = 1000;

/** Throws FaceError USAGE when there are fewer people than a batch wants. */
export function planRun(config: SettledConfig, training: Examples): RunPlan {
  const { batch, seed, picturesPerPerson, schedule, learningRate, warmupSteps, sampleRate } = config;
  const count = training.indices.length;
  const stepsPerEpoch = Math.max(1, Math.round(count / batch));
  const steps = config.steps ?? Math.max(1, Math.round(((config.epochs ?? EPOCHS) * count) / batch));
  const classes = training.classes.length;
  const every = (interval: number) => (done: number) => done % interval === 0 || done === steps;
  return {
    steps,
    stepsPerEpoch,
    sampler:
      picturesPerPerson > 0
        ? identitySampler(training, batch / picturesPerPerson, picturesPerPerson, seed)
        : shuffledSampler(count, batch, seed),
    classes,
    sampledClasses: sampledClassCount({ classes, rate: sampleRate, batch }),
    learningRate: (step) => learningRateAt(step, schedule, { learningRate, steps, warmupSteps }),
    logs: every(config.logEvery),
    validates: every(config.validation.every ?? stepsPerEpoch),
    checkpoints: every(config.checkpointEvery ?? Math.min(stepsPerEpoch, MOST_BETWEEN_CHECKPOINTS)),
  };
}
