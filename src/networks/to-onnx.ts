import { GraphBuilder, type OnnxModel, rewritePrelu, storeAsHalves } from "../onnx/index.ts";
import { type Foldable, type FoldPlan, foldedWeights, NO_FOLDS, planFolds } from "./fold-batch-norm.ts";
import type { BatchNorm } from "./layer.ts";
import type { Network } from "./network.ts";
import { programOf, type Step } from "./program.ts";
import { expectWeights, type Weights } from "./weights.ts";
import { suitsWinograd, winogradConv } from "./winograd.ts";

/** Options for writing a network as an ONNX graph for inference. */
export interface OnnxOptions {
  /** True if batch norms are merged into their neighbours where that is exact. @default true */
  readonly foldBatchNorm?: boolean;
  /** `fast` spells PReLU in operations that onnxruntime's CPU provider runs quickest; `plain` is one PRelu each. @default "fast" */
  readonly prelu?: "fast" | "plain";
  /**
   * Form of 3×3 convolutions: `winograd` multiplies 2.25 times less where maps are of even size, in a file nearly
   * 1.8 times as large, rounding a little differently. @default "direct"
   */
  readonly convolution?: "direct" | "winograd";
  /** True if the embedding leaves with length 1. @default what the network's reference code does */
  readonly normalize?: boolean;
  /** The batch's size; a name for any size. @default "N" */
  readonly batch?: number | string;
  /** Precision of the stored weights; computing is in float32 either way. @default "float32" */
  readonly precision?: "float32" | "float16";
}

/** The operator set that the graphs are written in. */
const OPSET = 17;

/** Names of the graph's input [N, C, H, W] and output [N, embedding]. */
export const ONNX_INPUT = "input";
export const ONNX_OUTPUT = "embedding";

/**
 * A network with its weights as an ONNX model in evaluation mode: running statistics, no dropout.
 *
 * Shapes    input [N, channels, height, width] → embedding [N, network.embedding]
 * Throws    FaceError MODEL_MISMATCH when a weight is missing or of another shape
 */
export function toOnnx(network: Network, weights: Weights, options: OnnxOptions = {}): OnnxModel {
  const { foldBatchNorm = true, prelu = "fast", normalize = network.unitOutput } = options;
  const { batch = "N", precision = "float32", convolution = "direct" } = options;
  expectWeights(network, weights);
  const program = programOf(network);
  const plan = foldBatchNorm ? planFolds(program) : NO_FOLDS;
  const builder = new GraphBuilder();
  const values = new Map<number, string>([[0, builder.input(ONNX_INPUT, [batch, ...network.input])]]);
  for (const step of program.steps) {
    const same = plan.replaced.get(step.output);
    const last = step.operation.kind === "l2Norm" && step.output === program.result;
    // An option of the graph, decided below, is whether the network ends in vectors of length 1.
    const taken = last ? step.inputs[0] : same;
    const name =
      taken === undefined ? emit(builder, step, values, plan, weights, convolution) : values.get(taken)!;
    values.set(step.output, name);
  }
  const embedding = values.get(program.result)!;
  builder.node("Identity", [normalize ? unitRows(builder, embedding) : embedding], {}, ONNX_OUTPUT);
  builder.output(ONNX_OUTPUT, [batch, network.embedding]);
  const plain = builder.finish({ producer: "arcface", opset: OPSET });
  const spelt = prelu === "fast" ? rewritePrelu(plain).model : plain;
  const model = precision === "float16" ? storeAsHalves(spelt) : spelt;
  return { ...model, metadata: { "arcface.network": network.id } };
}

/** Adds a step's operation and returns the name of its result. */
function emit(
  builder: GraphBuilder,
  step: Step,
  values: ReadonlyMap<number, string>,
  plan: FoldPlan,
  weights: Weights,
  convolution: "direct" | "winograd",
): string {
  const { operation, name } = step;
  const inputs = step.inputs.map((input) => values.get(input)!);
  const [x = ""] = inputs;
  switch (operation.kind) {
    case "conv":
      if (convolution === "winograd" && suitsWinograd(operation, step.shape)) {
        const { weight, bias } = foldedWeights(step, operation, plan, weights);
        return winogradConv(builder, x, name, operation, weight, bias);
      }
      return builder.node("Conv", [x, ...constants(builder, step, operation, plan, weights)], {
        kernel_shape: [operation.kernel, operation.kernelWidth],
        strides: [operation.stride, operation.stride],
        pads: new Array<number>(4).fill(operation.padding),
        group: operation.groups,
      });
    case "linear":
      return builder.node("Gemm", [x, ...constants(builder, step, operation, plan, weights)], { transB: 1 });
    case "batchNorm":
      return builder.node("BatchNormalization", [x, ...statistics(builder, step, operation, weights)], {
        epsilon: { float: operation.eps },
      });
    case "prelu": {
      const slopes = weights.get(`${name}.weight`)!.floats();
      return builder.node("PRelu", [x, builder.float(...slopesLike(slopes, step.shape), `${name}.weight`)]);
    }
    case "relu":
      return operation.ceiling === Number.POSITIVE_INFINITY
        ? builder.node("Relu", [x])
        : builder.node("Clip", [x, builder.scalar(0), builder.scalar(operation.ceiling)]);
    case "maxPool":
      // A window of one pixel only leaves pixels out.
      return builder.node("MaxPool", [x], {
        kernel_shape: [operation.kernel, operation.kernel],
        strides: [operation.stride, operation.stride],
      });
    case "cropColumns":
      return builder.node("Slice", [
        x,
        builder.int([operation.margin]),
        builder.int([-operation.margin]),
        builder.int([3]),
      ]);
    case "globalAveragePool":
      return builder.node("GlobalAveragePool", [x]);
    case "sigmoid":
      return builder.node("Sigmoid", [x]);
    case "flatten":
      return builder.node("Flatten", [x], { axis: 1 });
    case "add":
      return builder.node("Add", inputs);
    case "multiply":
      return builder.node("Mul", inputs);
    case "l2Norm":
      return unitRows(builder, x);
    case "dropout":
      return x;
    default:
      return operation satisfies never;
  }
}

/** Weight and, where there is one after folding, bias. */
function constants(
  builder: GraphBuilder,
  step: Step,
  layer: Foldable,
  plan: FoldPlan,
  weights: Weights,
): string[] {
  const { weight, bias } = foldedWeights(step, layer, plan, weights);
  const { shape } = weights.get(`${step.name}.weight`)!;
  const names = [builder.float(shape, weight, `${step.name}.weight`)];
  if (bias) names.push(builder.float([bias.length], bias, `${step.name}.bias`));
  return names;
}

/** A batch norm's scale, shift, mean and variance as constants. */
function statistics(builder: GraphBuilder, step: Step, layer: BatchNorm, weights: Weights): string[] {
  const shape = [layer.channels];
  const constant = (name: string): string =>
    builder.float(shape, weights.get(`${step.name}.${name}`)!.floats(), `${step.name}.${name}`);
  const plain = (name: string, value: number): string =>
    builder.float(shape, new Float32Array(layer.channels).fill(value), `${step.name}.${name}`);
  return [
    layer.affine ? constant("weight") : plain("weight", 1),
    layer.affine ? constant("bias") : plain("bias", 0),
    constant("running_mean"),
    constant("running_var"),
  ];
}

/** Slopes laid along the channels of [C, H, W]; one that all channels share is repeated, so that it can be rewritten. */
function slopesLike(
  slopes: Float32Array<ArrayBuffer>,
  shape: readonly number[],
): [dims: readonly number[], values: Float32Array<ArrayBuffer>] {
  const [channels = 0, ...map] = shape;
  const values = slopes.length === channels ? slopes : new Float32Array(channels).fill(slopes[0]!);
  return [[channels, ...map.map(() => 1)], values];
}

function unitRows(builder: GraphBuilder, x: string): string {
  return builder.node("Div", [x, builder.node("ReduceL2", [x], { axes: [1], keepdims: 1 })]);
}
