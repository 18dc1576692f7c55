export { evaluateTflite } from "./evaluate.ts";
export { readTflite } from "./model.ts";
export { isTflite, readTfliteWeights } from "./tflite-weights.ts";
export { tfliteToOnnx } from "./to-onnx.ts";
