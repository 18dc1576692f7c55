export { draw } from "./draw.ts";
export { type InitialValues, recordNetwork } from "./network-graph.ts";
export * from "./optimisers/index.ts";
export { type Head, type HeadResult, recordStep, type StepDefinition, stepGraph } from "./step-graph.ts";
export {
  type Batch,
  formFor,
  type StepResult,
  TrainingStep,
  type TrainingStepOptions,
} from "./training-step.ts";
