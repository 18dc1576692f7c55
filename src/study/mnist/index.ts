export { type DrawnSpace, drawMnist, type MnistFigure } from "./draw-mnist.ts";
export { type ExperimentOptions, type MnistReport, mnistExperiment, type Reproduced } from "./experiment.ts";
export type { PairVerification } from "./measure-digits.ts";
export { type MnistPlan, type SettledPlan, settlePlan } from "./plan.ts";
export { reproduceMnist } from "./reproduce-mnist.ts";
export { type DigitMeasures, type HeadReport, type MnistRun, runMnist } from "./run-mnist.ts";
