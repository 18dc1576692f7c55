import { FaceError } from "../../core/index.ts";
import { FlatTable } from "./flatbuffer.ts";

/** An array of the graph: an activation, or a constant when `data` is there. Shapes are NHWC as TFLite has them. */
export interface TfliteTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | undefined;
}

/** SAME pads so that the output has ⌈size / stride⌉ cells, VALID not at all. */
export type TflitePadding = "SAME" | "VALID";

/** What follows an operation inside the same operation. */
export type TfliteActivation = "none" | "relu" | "relu6";

interface Window {
  readonly padding: TflitePadding;
  readonly stride: readonly [number, number];
  readonly activation: TfliteActivation;
}

interface Operands {
  /** Tensor indices; −1 is an optional input left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** One operation with the options its kind has; [height, width] pairs. */
export type TfliteOperator = Operands &
  (
    | (Window & {
        readonly kind: "CONV_2D" | "DEPTHWISE_CONV_2D";
        readonly dilation: readonly [number, number];
      })
    | (Window & { readonly kind: "MAX_POOL_2D"; readonly size: readonly [number, number] })
    | { readonly kind: "FULLY_CONNECTED"; readonly activation: TfliteActivation }
    | { readonly kind: "ADD" | "SUB" | "MUL" | "DIV"; readonly activation: TfliteActivation }
    | { readonly kind: "RELU" | "ABS" | "NEG" | "EXP" | "RESHAPE" | "PRELU" }
    | { readonly kind: "SUM" | "REDUCE_MAX"; readonly keepDims: boolean }
  );

/** A TFLite file as a value. Operators stand in an order in which they can be computed. */
export interface TfliteModel {
  readonly tensors: readonly TfliteTensor[];
  readonly operators: readonly TfliteOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const TYPE_FLOAT32 = 0;
const TYPE_INT32 = 2;

/** The operators that are understood, by the number the format gives them. */
const KIND_BY_CODE: Readonly<Record<number, TfliteOperator["kind"]>> = {
  0: "ADD",
  3: "CONV_2D",
  4: "DEPTHWISE_CONV_2D",
  9: "FULLY_CONNECTED",
  17: "MAX_POOL_2D",
  18: "MUL",
  19: "RELU",
  22: "RESHAPE",
  41: "SUB",
  42: "DIV",
  47: "EXP",
  54: "PRELU",
  59: "NEG",
  74: "SUM",
  82: "REDUCE_MAX",
  101: "ABS",
};

/** Names of common operators that are not understood, so that a refusal can say more than a number. */
const OTHER_NAMES: Readonly<Record<number, string>> = {
  1: "AVERAGE_POOL_2D",
  2: "CONCATENATION",
  5: "DEPTH_TO_SPACE",
  6: "DEQUANTIZE",
  11: "L2_NORMALIZATION",
  14: "LOGISTIC",
  21: "RELU6",
  23: "RESIZE_BILINEAR",
  25: "SOFTMAX",
  28: "TANH",
  32: "CUSTOM",
  34: "PAD",
  36: "GATHER",
  39: "TRANSPOSE",
  40: "MEAN",
  43: "SQUEEZE",
  45: "STRIDED_SLICE",
  49: "SPLIT",
  53: "CAST",
  58: "LESS",
  62: "GREATER_EQUAL",
  65: "SLICE",
  67: "TRANSPOSE_CONV",
  75: "SQRT",
  76: "RSQRT",
  83: "PACK",
  97: "RESIZE_NEAREST_NEIGHBOR",
  98: "LEAKY_RELU",
  114: "QUANTIZE",
  117: "HARD_SWISH",
  124: "DENSIFY",
};

/**
 * Reads a TensorFlow Lite file.
 *
 * Throws    FaceError BAD_MODEL for a damaged file, and by name for an operator that is not understood
 * Source    tensorflow/lite/schema/schema.fbs: the field numbers below are its field order
 */
export function readTflite(bytes: Uint8Array): TfliteModel {
  const root = FlatTable.root(bytes, "TFL3");
  const codes = root
    .tables(1)
    .map((code) => ({ code: Math.max(code.int8(0), code.int32(3)), custom: code.string(1) }));
  const buffers = root.tables(4);
  const [graph, ...more] = root.tables(2);
  if (!graph || more.length > 0) {
    throw new FaceError("BAD_MODEL", `tflite: expected one subgraph, got ${graph ? more.length + 1 : 0}`);
  }
  const tensors = graph.tables(0).map((tensor) => readTensor(tensor, buffers));
  const operators = graph.tables(3).map((operator) => {
    const code = codes[operator.int32(0)];
    if (!code)
      throw new FaceError(
        "BAD_MODEL",
        "tflite: expected an operator code in the file's table, got one outside",
      );
    return readOperator(operator, code.code, code.custom, tensors.length);
  });
  const model = { tensors, operators, inputs: graph.int32s(1), outputs: graph.int32s(2) };
  for (const index of [...model.inputs, ...model.outputs]) checkIndex(index, tensors.length);
  return model;
}

function readTensor(tensor: FlatTable, buffers: readonly FlatTable[]): TfliteTensor {
  const name = tensor.string(3);
  const shape = tensor.int32s(0);
  const type = tensor.int8(1);
  const buffer = buffers[tensor.int32(2)];
  if (!buffer)
    throw new FaceError("BAD_MODEL", `tflite: tensor "${name}": expected a buffer of the file, got none`);
  const raw = buffer.bytes(0);
  if (raw.length === 0) return { name, shape, data: undefined };
  if (type !== TYPE_FLOAT32 && type !== TYPE_INT32) {
    throw new FaceError(
      "BAD_MODEL",
      `tflite: tensor "${name}": expected float32 or int32 constants, got type ${type}`,
    );
  }
  const count = shape.reduce((product, dim) => product * dim, 1);
  if (count * 4 !== raw.length) {
    throw new FaceError(
      "BAD_MODEL",
      `tflite: tensor "${name}": expected ${count * 4} bytes for [${shape.join(", ")}], got ${raw.length}`,
    );
  }
  const copy = new Uint8Array(raw).buffer;
  return { name, shape, data: type === TYPE_FLOAT32 ? new Float32Array(copy) : new Int32Array(copy) };
}

function readOperator(table: FlatTable, code: number, custom: string, tensorCount: number): TfliteOperator {
  const kind = KIND_BY_CODE[code];
  if (kind === undefined) {
    const name = custom || OTHER_NAMES[code] || `number ${code}`;
    throw new FaceError("BAD_MODEL", `tflite: expected an operator this converter knows, got ${name}`);
  }
  const inputs = table.int32s(1);
  const outputs = table.int32s(2);
  for (const index of inputs) if (index !== -1) checkIndex(index, tensorCount);
  for (const index of outputs) checkIndex(index, tensorCount);
  const operands = { inputs, outputs };
  const options = table.table(4);
  const int8 = (field: number): number => options?.int8(field) ?? 0;
  const size = (field: number, absent: number): number =>
    positive(options?.int32(field, absent) ?? absent, kind);
  switch (kind) {
    case "CONV_2D":
      return {
        ...operands,
        kind,
        padding: paddingOf(int8(0)),
        stride: [size(2, 1), size(1, 1)],
        dilation: [size(5, 1), size(4, 1)],
        activation: activationOf(int8(3)),
      };
    case "DEPTHWISE_CONV_2D":
      return {
        ...operands,
        kind,
        padding: paddingOf(int8(0)),
        stride: [size(2, 1), size(1, 1)],
        dilation: [size(6, 1), size(5, 1)],
        activation: activationOf(int8(4)),
      };
    case "MAX_POOL_2D":
      return {
        ...operands,
        kind,
        padding: paddingOf(int8(0)),
        stride: [size(2, 1), size(1, 1)],
        size: [size(4, 1), size(3, 1)],
        activation: activationOf(int8(5)),
      };
    case "FULLY_CONNECTED":
    case "ADD":
    case "SUB":
    case "MUL":
    case "DIV":
      return { ...operands, kind, activation: activationOf(int8(0)) };
    case "SUM":
    case "REDUCE_MAX":
      return { ...operands, kind, keepDims: int8(0) !== 0 };
    default:
      return { ...operands, kind };
  }
}

function paddingOf(value: number): TflitePadding {
  if (value === 0) return "SAME";
  if (value === 1) return "VALID";
  throw new FaceError("BAD_MODEL", `tflite: expected padding SAME or VALID, got number ${value}`);
}

function activationOf(value: number): TfliteActivation {
  if (value === 0) return "none";
  if (value === 1) return "relu";
  if (value === 3) return "relu6";
  throw new FaceError(
    "BAD_MODEL",
    `tflite: expected a fused activation of none, RELU or RELU6, got number ${value}`,
  );
}

function positive(value: number, kind: string): number {
  if (value >= 1 && value <= 4096) return value;
  throw new FaceError(
    "BAD_MODEL",
    `tflite: ${kind}: expected a stride, dilation or window of 1…4096, got ${value}`,
  );
}

function checkIndex(index: number, count: number): void {
  if (index < 0 || index >= count) {
    throw new FaceError("BAD_MODEL", `tflite: expected a tensor index below ${count}, got ${index}`);
  }
}
