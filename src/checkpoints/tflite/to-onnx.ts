import { FaceError } from "../../core/index.ts";
import { type AttributeInput, GraphBuilder, type OnnxModel } from "../../onnx/index.ts";
import { foldPrelu } from "./fold-prelu.ts";
import type { TfliteActivation, TfliteModel, TfliteOperator, TflitePadding } from "./model.ts";

/** Options for writing a TFLite network as ONNX. */
export interface TfliteToOnnxOptions {
  /**
   * Leave height and width of the input open, for a network that slides over pictures of any size.
   * @default false
   */
  readonly anySize?: boolean;
}

/**
 * Writes a TFLite network as ONNX. The batch becomes symbolic; four-dimensional activations become NCHW, so the
 * input is NCHW too. Outputs keep TFLite's names and its NHWC order. Spelled-out PReLUs become one PRelu each.
 *
 * Throws    FaceError BAD_MODEL for a graph whose parts do not fit together
 */
export function tfliteToOnnx(model: TfliteModel, options: TfliteToOnnxOptions = {}): OnnxModel {
  return new Converter(foldPrelu(model), options.anySize ?? false).convert();
}

/** Position of an activation's channels: second (ONNX's order) or where TFLite has them. */
interface Activation {
  readonly name: string;
  readonly nchw: boolean;
  readonly rank: number;
}

const NHWC_TO_NCHW_AXIS = [0, 2, 3, 1];
const ELEMENTWISE = { ADD: "Add", SUB: "Sub", MUL: "Mul", DIV: "Div" } as const;
const UNARY = { RELU: "Relu", ABS: "Abs", NEG: "Neg", EXP: "Exp" } as const;

class Converter {
  readonly #model: TfliteModel;
  readonly #anySize: boolean;
  readonly #graph = new GraphBuilder();
  readonly #values = new Map<number, Activation>();

  constructor(model: TfliteModel, anySize: boolean) {
    this.#model = model;
    this.#anySize = anySize;
  }

  convert(): OnnxModel {
    for (const index of this.#model.inputs) {
      const { name, shape } = this.#model.tensors[index]!;
      const nchw = shape.length === 4;
      const dims = nchw
        ? this.#symbolic([shape[0]!, shape[3]!, shape[1]!, shape[2]!])
        : ["N", ...shape.slice(1)];
      this.#values.set(index, { name: this.#graph.input(name, dims), nchw, rank: shape.length });
    }
    for (const operator of this.#model.operators)
      this.#values.set(operator.outputs[0]!, this.#emit(operator));
    for (const index of this.#model.outputs) {
      const { name, shape } = this.#model.tensors[index]!;
      this.#graph.node("Identity", [this.#nhwc(index)], {}, name);
      const dims = shape.map((dim, axis) =>
        axis === 0 ? "N" : this.#anySize && shape.length === 4 && axis < 3 ? null : dim,
      );
      this.#graph.output(name, dims);
    }
    return this.#graph.finish({ producer: "arcface tflite", opset: 13 });
  }

  #symbolic(nchw: readonly number[]): (number | string)[] {
    return nchw.map((dim, axis) =>
      axis === 0 ? "N" : this.#anySize && axis > 1 ? ["H", "W"][axis - 2]! : dim,
    );
  }

  #emit(operator: TfliteOperator): Activation {
    switch (operator.kind) {
      case "CONV_2D":
      case "DEPTHWISE_CONV_2D":
        return this.#convolution(operator);
      case "MAX_POOL_2D": {
        const attributes = {
          kernel_shape: operator.size,
          strides: operator.stride,
          ...this.#pads(operator.padding, operator.inputs[0]!, operator.size, operator.stride, [1, 1]),
        };
        const pooled = this.#graph.node("MaxPool", [this.#nchw(operator.inputs[0]!)], attributes);
        return { name: this.#activate(pooled, operator.activation), nchw: true, rank: 4 };
      }
      case "FULLY_CONNECTED":
        return this.#fullyConnected(operator);
      case "ADD":
      case "SUB":
      case "MUL":
      case "DIV": {
        const nchw = operator.inputs.some((input) => this.#values.get(input)?.nchw);
        const operands = operator.inputs.map((input) => this.#operand(input, nchw));
        const rank = Math.max(...operator.inputs.map((input) => this.#model.tensors[input]!.shape.length));
        const name = this.#activate(
          this.#graph.node(ELEMENTWISE[operator.kind], operands),
          operator.activation,
        );
        return { name, nchw, rank };
      }
      case "RELU":
      case "ABS":
      case "NEG":
      case "EXP": {
        const x = this.#value(operator.inputs[0]!);
        return { ...x, name: this.#graph.node(UNARY[operator.kind], [x.name]) };
      }
      case "PRELU": {
        const x = this.#value(operator.inputs[0]!);
        const slope = this.#constant(operator.inputs[1]!);
        const dims = x.nchw ? [slope.length, 1, 1] : [slope.length];
        return { ...x, name: this.#graph.node("PRelu", [x.name, this.#graph.float(dims, slope)]) };
      }
      case "RESHAPE": {
        const shape = this.#model.tensors[operator.outputs[0]!]!.shape;
        const target = this.#graph.int([0, ...shape.slice(1)]);
        const name = this.#graph.node("Reshape", [this.#nhwc(operator.inputs[0]!), target]);
        return { name, nchw: false, rank: shape.length };
      }
      case "SUM":
      case "REDUCE_MAX":
        return this.#reduce(operator);
    }
  }

  #convolution(operator: Extract<TfliteOperator, { kind: "CONV_2D" | "DEPTHWISE_CONV_2D" }>): Activation {
    const [input, filter, bias] = operator.inputs as [number, number, number | undefined];
    const weights = this.#constant(filter);
    const shape = this.#model.tensors[filter]!.shape;
    const depthwise = operator.kind === "DEPTHWISE_CONV_2D";
    const [a, height, width, d] = shape as [number, number, number, number];
    const channelsIn = this.#model.tensors[input]!.shape[3];
    if (shape.length !== 4 || channelsIn === undefined || (depthwise ? a !== 1 : d !== channelsIn)) {
      throw new FaceError("BAD_MODEL", {
        where: `tflite: ${operator.kind}`,
        expected: "a filter that fits its input",
        got: `[${shape.join(", ")}]`,
      });
    }
    // A depthwise filter is [1, h, w, out], a dense one [out, h, w, in]; ONNX wants [out, in / group, h, w].
    const dims = depthwise ? [d, 1, height, width] : [a, d, height, width];
    const reordered = depthwise
      ? transpose(weights, [height * width, d], [1, 0])
      : transpose(weights, [a, height * width, d], [0, 2, 1]);
    const inputs = [this.#nchw(input), this.#graph.float(dims, reordered)];
    if (bias !== undefined && bias >= 0) inputs.push(this.#graph.float([dims[0]!], this.#constant(bias)));
    const name = this.#graph.node("Conv", inputs, {
      kernel_shape: [height, width],
      strides: operator.stride,
      dilations: operator.dilation,
      group: depthwise ? channelsIn : 1,
      ...this.#pads(operator.padding, input, [height, width], operator.stride, operator.dilation),
    });
    return { name: this.#activate(name, operator.activation), nchw: true, rank: 4 };
  }

  #fullyConnected(operator: Extract<TfliteOperator, { kind: "FULLY_CONNECTED" }>): Activation {
    const [input, filter, bias] = operator.inputs as [number, number, number | undefined];
    const [out, width] = this.#model.tensors[filter]!.shape;
    if (out === undefined || width === undefined) {
      throw new FaceError("BAD_MODEL", {
        where: "tflite: FULLY_CONNECTED",
        expected: "a filter [out, in]",
        got: "another shape",
      });
    }
    const rank = this.#value(input).rank;
    let weights = this.#constant(filter);
    let x: string;
    const [, h = 1, w = 1, c = 1] = this.#model.tensors[input]!.shape;
    if (this.#value(input).nchw && !this.#anySize && h * w * c === width) {
      // Flattening happens in TFLite's order: reorder the weights once instead of the activations on every run.
      weights = transpose(weights, [out, h * w, c], [0, 2, 1]);
      x = this.#graph.node("Flatten", [this.#value(input).name], { axis: 1 });
    } else {
      x = this.#nhwc(input);
      if (rank !== 2) x = this.#graph.node("Reshape", [x, this.#graph.int([-1, width])]);
    }
    const inputs = [x, this.#graph.float([out, width], weights)];
    if (bias !== undefined && bias >= 0) inputs.push(this.#graph.float([out], this.#constant(bias)));
    const name = this.#graph.node("Gemm", inputs, { transB: 1 });
    return { name: this.#activate(name, operator.activation), nchw: false, rank: 2 };
  }

  #reduce(operator: Extract<TfliteOperator, { kind: "SUM" | "REDUCE_MAX" }>): Activation {
    const x = this.#value(operator.inputs[0]!);
    const axes = Array.from(this.#model.tensors[operator.inputs[1]!]!.data ?? [], (axis) => {
      const positive = axis < 0 ? axis + x.rank : axis;
      return x.nchw ? NHWC_TO_NCHW_AXIS[positive]! : positive;
    });
    if (axes.length === 0 || (x.nchw && !operator.keepDims)) {
      throw new FaceError("BAD_MODEL", {
        where: `tflite: ${operator.kind}`,
        expected: "constant axes that are kept",
        got: "others",
      });
    }
    const keepdims = operator.keepDims ? 1 : 0;
    const name =
      operator.kind === "SUM"
        ? this.#graph.node("ReduceSum", [x.name, this.#graph.int(axes)], { keepdims })
        : this.#graph.node("ReduceMax", [x.name], { axes, keepdims });
    return { name, nchw: x.nchw, rank: operator.keepDims ? x.rank : x.rank - axes.length };
  }

  #pads(
    padding: TflitePadding,
    input: number,
    window: readonly [number, number],
    stride: readonly [number, number],
    dilation: readonly [number, number],
  ): Record<string, AttributeInput> {
    if (padding === "VALID") return { pads: [0, 0, 0, 0] };
    if (this.#anySize) return { auto_pad: "SAME_UPPER" };
    const [, height, width] = this.#model.tensors[input]!.shape as [number, number, number];
    const [top, bottom] = samePads(height, window[0], stride[0], dilation[0]);
    const [left, right] = samePads(width, window[1], stride[1], dilation[1]);
    return { pads: [top, left, bottom, right] };
  }

  #activate(name: string, activation: TfliteActivation): string {
    if (activation === "none") return name;
    if (activation === "relu") return this.#graph.node("Relu", [name]);
    const bounds = [0, 6].map((bound) => this.#graph.float([], Float32Array.of(bound)));
    return this.#graph.node("Clip", [name, ...bounds]);
  }

  #value(index: number): Activation {
    const value = this.#values.get(index);
    if (!value)
      throw new FaceError("BAD_MODEL", {
        where: "tflite",
        expected: `tensor ${index} to be computed before it is used`,
        got: "nothing",
      });
    return value;
  }

  #constant(index: number): Float32Array {
    const data = this.#model.tensors[index]?.data;
    if (data instanceof Float32Array) return data;
    throw new FaceError("BAD_MODEL", {
      where: "tflite",
      expected: `float32 constants in tensor ${index}`,
      got: "none",
    });
  }

  /** One side of an elementwise operation: an activation, or a constant laid out as the other side is. */
  #operand(index: number, nchw: boolean): string {
    const { data, shape } = this.#model.tensors[index]!;
    if (!data) return nchw ? this.#nchw(index) : this.#value(index).name;
    const values = this.#constant(index);
    if (!nchw || values.length === 1) return this.#graph.float(values.length === 1 ? [] : shape, values);
    const channels = shape.at(-1)!;
    if (channels !== values.length) {
      throw new FaceError("BAD_MODEL", {
        where: "tflite",
        expected: "a constant per channel",
        got: `[${shape.join(", ")}]`,
      });
    }
    return this.#graph.float([1, channels, 1, 1], values);
  }

  #nchw(index: number): string {
    const value = this.#value(index);
    if (value.nchw) return value.name;
    if (value.rank !== 4)
      throw new FaceError("BAD_MODEL", {
        where: "tflite",
        expected: `tensor ${index} to be a picture`,
        got: `${value.rank} axes`,
      });
    return this.#graph.node("Transpose", [value.name], { perm: [0, 3, 1, 2] });
  }

  #nhwc(index: number): string {
    const value = this.#value(index);
    return value.nchw ? this.#graph.node("Transpose", [value.name], { perm: [0, 2, 3, 1] }) : value.name;
  }
}

/** The rows added before and after so that a window with this stride covers ⌈size / stride⌉ places. */
export function samePads(size: number, window: number, stride: number, dilation: number): [number, number] {
  const reach = (window - 1) * dilation + 1;
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
  return [total >> 1, total - (total >> 1)];
}

/** Reorders a dense array's axes; `order[k]` is the old axis that becomes axis k. */
function transpose(values: Float32Array, dims: readonly number[], order: readonly number[]): Float32Array {
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((a, b) => a * b, 1));
  const outDims = order.map((axis) => dims[axis]!);
  const outStrides = order.map((axis) => strides[axis]!);
  const out = new Float32Array(values.length);
  const position = new Array<number>(dims.length).fill(0);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = values[from]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      from += outStrides[axis]!;
      position[axis]!++;
      if (position[axis]! < outDims[axis]!) break;
      from -= outStrides[axis]! * outDims[axis]!;
      position[axis] = 0;
    }
  }
  return out;
}
