export { type Family, knownNetworks, type NetworkSizes, networkById, type Shapes } from "./catalogue.ts";
export { type DigitNetOptions, digitNet } from "./digit-net.ts";
export { identifyNetwork, type NetworkIdentification, withoutPrefix } from "./identify.ts";
export { drawInit, type Init } from "./init.ts";
export { IR_DEPTHS, type IrDepth, type IrOptions, irNetwork } from "./ir.ts";
export { IRESNET_DEPTHS, type IresnetDepth, type IresnetOptions, iresnet } from "./iresnet.ts";
export type {
  BatchNorm,
  Child,
  Combination,
  Conv,
  CropColumns,
  Layer,
  Leaf,
  Linear,
  MaxPool,
  Plain,
  Prelu,
  Relu,
  Sequence,
} from "./layer.ts";
export { type LeNetPlusPlusOptions, leNetPlusPlus } from "./lenet-plus-plus.ts";
export { MBF_FORMS, type MbfForm, type MbfOptions, mbf } from "./mbf.ts";
export { type MobileFaceNetOptions, mobileFaceNet } from "./mobilefacenet.ts";
export { mobileFaceNet112x96, type NarrowOptions } from "./mobilefacenet-112x96.ts";
export { type FoamliuOptions, mobileFaceNetFoamliu } from "./mobilefacenet-foamliu.ts";
export type { Network } from "./network.ts";
export { initialise, type Parameter, type ParameterRole, parameterCount, parametersOf } from "./parameter.ts";
export { macsOf, type Operation, type Program, programOf, type Step } from "./program.ts";
export { ONNX_INPUT, ONNX_OUTPUT, type OnnxOptions, toOnnx } from "./to-onnx.ts";
export {
  compareWeights,
  expectWeights,
  type WeightDifferences,
  type WeightSource,
  type Weights,
} from "./weights.ts";
