export { draw } from "./draw.ts";

export * from "./optimisers/index.ts";
export { type HeadResult, recordStep, type StepDefinition, type StepHead } from "./step-graph.ts";
export {
  formFor,
  type StepBatch,
  type StepResult,
  TrainingStep,
  type TrainingStepOptions,
} from "./training-step.ts";
