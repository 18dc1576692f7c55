export { evaluateTflite, type TfliteArray } from "./evaluate.ts";
export { readTflite, type TfliteModel } from "./model.ts";
export { isTflite, readTfliteWeights } from "./tflite-weights.ts";
export { type TfliteToOnnxOptions, tfliteToOnnx } from "./to-onnx.ts";
