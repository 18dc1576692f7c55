import { FaceError } from "../../core/index.ts";
import type { TfliteActivation, TfliteModel, TfliteOperator } from "./model.ts";
import { samePads } from "./to-onnx.ts";

/** An array in TFLite's own order: [N, H, W, C] for pictures. */
export interface TfliteArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Elements an activation may have before a network is refused: 1 GiB of float32. */
const MAX_ELEMENTS = 2 ** 28;

/**
 * Computes a TFLite network operation by operation, as the format defines it and as slowly as that reads well:
 * the twin against which every conversion is checked.
 *
 * Sizes are taken from the input, not from the file, so a network that slides over pictures can be run on a small one.
 *
 * Returns   the outputs by name
 */
export function evaluateTflite(model: TfliteModel, input: TfliteArray): Map<string, TfliteArray> {
  const values = new Map<number, TfliteArray>();
  model.tensors.forEach((tensor, index) => {
    if (tensor.data) values.set(index, { shape: tensor.shape, data: Float32Array.from(tensor.data) });
  });
  const [first] = model.inputs;
  if (first === undefined)
    throw new FaceError("BAD_MODEL", { where: "tflite", expected: "an input", got: "none" });
  values.set(first, input);
  for (const operator of model.operators) {
    const operands = operator.inputs.map((index) => {
      const value = values.get(index);
      if (index !== -1 && !value)
        throw new FaceError("BAD_MODEL", {
          where: "tflite",
          expected: `tensor ${index} before it is used`,
          got: "none",
        });
      return value;
    });
    values.set(operator.outputs[0]!, compute(operator, operands as TfliteArray[], model));
  }
  return new Map(model.outputs.map((index) => [model.tensors[index]!.name, values.get(index)!]));
}

function compute(
  operator: TfliteOperator,
  operands: readonly TfliteArray[],
  model: TfliteModel,
): TfliteArray {
  const [x, y] = operands as [TfliteArray, TfliteArray];
  switch (operator.kind) {
    case "CONV_2D":
    case "DEPTHWISE_CONV_2D":
      return convolve(operator, x, y, operands[2]);
    case "MAX_POOL_2D":
      return maxPool(operator, x);
    case "FULLY_CONNECTED":
      return fullyConnected(operator, x, y, operands[2]);
    case "ADD":
      return elementwise(x, y, (a, b) => a + b, operator.activation);
    case "SUB":
      return elementwise(x, y, (a, b) => a - b, operator.activation);
    case "MUL":
      return elementwise(x, y, (a, b) => a * b, operator.activation);
    case "DIV":
      return elementwise(x, y, (a, b) => a / b, operator.activation);
    case "PRELU":
      return elementwise(x, y, (a, slope) => (a < 0 ? a * slope : a), "none");
    case "RELU":
      return { shape: x.shape, data: x.data.map((v) => Math.max(v, 0)) };
    case "ABS":
      return { shape: x.shape, data: x.data.map(Math.abs) };
    case "NEG":
      return { shape: x.shape, data: x.data.map((v) => -v) };
    case "EXP":
      return { shape: x.shape, data: x.data.map(Math.exp) };
    case "RESHAPE": {
      const shape = [x.shape[0]!, ...model.tensors[operator.outputs[0]!]!.shape.slice(1)];
      if (elements(shape) !== x.data.length) throw misfit("RESHAPE", shape, x.shape);
      return { shape, data: x.data };
    }
    case "SUM":
      return reduce(x, y.data, (a, b) => a + b, 0);
    case "REDUCE_MAX":
      return reduce(x, y.data, Math.max, Number.NEGATIVE_INFINITY);
  }
}

function convolve(
  operator: Extract<TfliteOperator, { kind: "CONV_2D" | "DEPTHWISE_CONV_2D" }>,
  x: TfliteArray,
  filter: TfliteArray,
  bias: TfliteArray | undefined,
): TfliteArray {
  const depthwise = operator.kind === "DEPTHWISE_CONV_2D";
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const [f0, kh, kw, f3] = filter.shape as [number, number, number, number];
  const out = depthwise ? f3 : f0;
  const [sh, sw] = operator.stride;
  const [dh, dw] = operator.dilation;
  const rows = cells(height, kh, sh, dh, operator.padding);
  const columns = cells(width, kw, sw, dw, operator.padding);
  const result = array([batch, rows.count, columns.count, out]);
  const multiplier = depthwise ? out / channels : 1;
  let at = 0;
  for (let n = 0; n < batch; n++)
    for (let i = 0; i < rows.count; i++)
      for (let j = 0; j < columns.count; j++)
        for (let o = 0; o < out; o++) {
          let sum = bias ? bias.data[o]! : 0;
          for (let p = 0; p < kh; p++) {
            const row = i * sh - rows.before + p * dh;
            if (row < 0 || row >= height) continue;
            for (let q = 0; q < kw; q++) {
              const column = j * sw - columns.before + q * dw;
              if (column < 0 || column >= width) continue;
              const pixel = ((n * height + row) * width + column) * channels;
              if (depthwise) {
                sum += x.data[pixel + Math.floor(o / multiplier)]! * filter.data[(p * kw + q) * out + o]!;
              } else {
                const tap = ((o * kh + p) * kw + q) * f3;
                for (let c = 0; c < channels; c++) sum += x.data[pixel + c]! * filter.data[tap + c]!;
              }
            }
          }
          result.data[at++] = activate(sum, operator.activation);
        }
  return result;
}

function maxPool(operator: Extract<TfliteOperator, { kind: "MAX_POOL_2D" }>, x: TfliteArray): TfliteArray {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const [kh, kw] = operator.size;
  const [sh, sw] = operator.stride;
  const rows = cells(height, kh, sh, 1, operator.padding);
  const columns = cells(width, kw, sw, 1, operator.padding);
  const result = array([batch, rows.count, columns.count, channels]);
  let at = 0;
  for (let n = 0; n < batch; n++)
    for (let i = 0; i < rows.count; i++)
      for (let j = 0; j < columns.count; j++)
        for (let c = 0; c < channels; c++) {
          let largest = Number.NEGATIVE_INFINITY;
          for (let p = 0; p < kh; p++) {
            const row = i * sh - rows.before + p;
            if (row < 0 || row >= height) continue;
            for (let q = 0; q < kw; q++) {
              const column = j * sw - columns.before + q;
              if (column < 0 || column >= width) continue;
              largest = Math.max(largest, x.data[((n * height + row) * width + column) * channels + c]!);
            }
          }
          result.data[at++] = activate(largest, operator.activation);
        }
  return result;
}

function fullyConnected(
  operator: Extract<TfliteOperator, { kind: "FULLY_CONNECTED" }>,
  x: TfliteArray,
  filter: TfliteArray,
  bias: TfliteArray | undefined,
): TfliteArray {
  const [out, width] = filter.shape as [number, number];
  const rows = x.data.length / width;
  if (!Number.isInteger(rows)) throw misfit("FULLY_CONNECTED", [-1, width], x.shape);
  const result = array([rows, out]);
  for (let r = 0; r < rows; r++)
    for (let o = 0; o < out; o++) {
      let sum = bias ? bias.data[o]! : 0;
      for (let c = 0; c < width; c++) sum += x.data[r * width + c]! * filter.data[o * width + c]!;
      result.data[r * out + o] = activate(sum, operator.activation);
    }
  return result;
}

/** Broadcasts as NumPy does. */
function elementwise(
  x: TfliteArray,
  y: TfliteArray,
  f: (a: number, b: number) => number,
  activation: TfliteActivation,
): TfliteArray {
  const rank = Math.max(x.shape.length, y.shape.length);
  const padded = [x, y].map((v) => [...new Array<number>(rank - v.shape.length).fill(1), ...v.shape]);
  const [a, b] = padded as [number[], number[]];
  const shape = a.map((dim, axis) => {
    if (dim !== b[axis] && dim !== 1 && b[axis] !== 1) throw misfit("elementwise", x.shape, y.shape);
    return Math.max(dim, b[axis]!);
  });
  const result = array(shape);
  const stepsA = broadcastSteps(a);
  const stepsB = broadcastSteps(b);
  for (let i = 0; i < result.data.length; i++) {
    let rest = i;
    let atA = 0;
    let atB = 0;
    for (let axis = rank - 1; axis >= 0; axis--) {
      const position = rest % shape[axis]!;
      rest = (rest - position) / shape[axis]!;
      atA += position * stepsA[axis]!;
      atB += position * stepsB[axis]!;
    }
    result.data[i] = activate(f(x.data[atA]!, y.data[atB]!), activation);
  }
  return result;
}

function broadcastSteps(shape: readonly number[]): number[] {
  return shape.map((dim, axis) => (dim === 1 ? 0 : elements(shape.slice(axis + 1))));
}

/** Folds over the given axes, which stay as axes of size 1. */
function reduce(
  x: TfliteArray,
  axes: Float32Array,
  f: (a: number, b: number) => number,
  start: number,
): TfliteArray {
  const over = new Set(Array.from(axes, (axis) => (axis < 0 ? axis + x.shape.length : axis)));
  const result = array(x.shape.map((dim, axis) => (over.has(axis) ? 1 : dim)));
  result.data.fill(start);
  const steps = broadcastSteps(result.shape);
  for (let i = 0; i < x.data.length; i++) {
    let rest = i;
    let at = 0;
    for (let axis = x.shape.length - 1; axis >= 0; axis--) {
      const position = rest % x.shape[axis]!;
      rest = (rest - position) / x.shape[axis]!;
      at += position * steps[axis]!;
    }
    result.data[at] = f(result.data[at]!, x.data[i]!);
  }
  return result;
}

function cells(size: number, window: number, stride: number, dilation: number, padding: "SAME" | "VALID") {
  if (padding === "SAME")
    return { count: Math.ceil(size / stride), before: samePads(size, window, stride, dilation)[0] };
  return { count: Math.floor((size - (window - 1) * dilation - 1) / stride) + 1, before: 0 };
}

function activate(value: number, activation: TfliteActivation): number {
  if (activation === "relu") return Math.max(value, 0);
  return activation === "relu6" ? Math.min(Math.max(value, 0), 6) : value;
}

function array(shape: readonly number[]): TfliteArray {
  const count = elements(shape);
  if (!(count >= 0 && count <= MAX_ELEMENTS)) {
    throw new FaceError("BAD_MODEL", {
      where: "tflite",
      expected: `at most ${MAX_ELEMENTS} elements`,
      got: `[${shape.join(", ")}]`,
    });
  }
  return { shape, data: new Float32Array(count) };
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

function misfit(where: string, expected: readonly number[], got: readonly number[]): FaceError {
  return new FaceError("BAD_MODEL", {
    where: `tflite: ${where}`,
    expected: `[${expected.join(", ")}]`,
    got: `[${got.join(", ")}]`,
  });
}
