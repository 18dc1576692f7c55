import { FlatTable } from "./flatbuffer.ts";

/** An array of the graph: an activation, or a constant when `data` is there. Shapes are NHWC as TFLite has them. */
export interface TfliteTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | undefined;
}

/** SAME pads so that the output has ⌈size / stride⌉ cells, VALID not at all. */
export type TflitePadding = "SAME" | "VALID";

/** The activation that follows an operation inside the same operation. */
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
  const { root, graph, buffers } = openTflite(bytes);
  const codes = root
    .tables(1)
    .map((code) => ({ code: Math.max(code.int8(0), code.int32(3)), custom: code.string(1) }));
  const tensors = graph.tables(0).map((tensor) => readTensor(tensor, buffers));
  const operators = graph.tables(3).map((operator) => {
    const code = codes[operator.int32(0)];
    if (!code) throw operator.bad("an operator code in the file's table", "one outside");
    return readOperator(operator, code.code, code.custom, tensors.length);
  });
  const model = { tensors, operators, inputs: graph.int32s(1), outputs: graph.int32s(2) };
  for (const index of [...model.inputs, ...model.outputs]) checkIndex(graph, index, tensors.length);
  return model;
}

/** The tables that everything else of a file hangs on. Throws FaceError BAD_MODEL. */
export function openTflite(bytes: Uint8Array): {
  readonly root: FlatTable;
  readonly graph: FlatTable;
  readonly buffers: readonly FlatTable[];
} {
  const root = FlatTable.root(bytes, "TFL3");
  const [graph, ...more] = root.tables(2);
  if (!graph || more.length > 0) throw root.bad("one subgraph", `${graph ? more.length + 1 : 0}`);
  return { root, graph, buffers: root.tables(4) };
}

/** A tensor's name, shape, number of type and the bytes of its constant, none when it is computed. */
export function tensorFields(tensor: FlatTable, buffers: readonly FlatTable[]) {
  const name = tensor.string(3);
  const buffer = buffers[tensor.int32(2)];
  if (!buffer) throw tensor.bad(`a buffer of the file for tensor "${name}"`, "none");
  return { name, shape: tensor.int32s(0), type: tensor.int8(1), raw: buffer.bytes(0) };
}

function readTensor(tensor: FlatTable, buffers: readonly FlatTable[]): TfliteTensor {
  const { name, shape, type, raw } = tensorFields(tensor, buffers);
  if (raw.length === 0) return { name, shape, data: undefined };
  if (type !== TYPE_FLOAT32 && type !== TYPE_INT32) {
    throw tensor.bad(`float32 or int32 constants in tensor "${name}"`, `type ${type}`);
  }
  const count = shape.reduce((product, dim) => product * dim, 1);
  if (count * 4 !== raw.length) {
    throw tensor.bad(`${count * 4} bytes for tensor "${name}" of [${shape.join(", ")}]`, `${raw.length}`);
  }
  const copy = new Uint8Array(raw).buffer;
  return { name, shape, data: type === TYPE_FLOAT32 ? new Float32Array(copy) : new Int32Array(copy) };
}

function readOperator(table: FlatTable, code: number, custom: string, tensorCount: number): TfliteOperator {
  const kind = KIND_BY_CODE[code];
  if (kind === undefined) {
    const name = custom || OTHER_NAMES[code] || `number ${code}`;
    throw table.bad("an operator this converter knows", name);
  }
  const inputs = table.int32s(1);
  const outputs = table.int32s(2);
  for (const index of inputs) if (index !== -1) checkIndex(table, index, tensorCount);
  for (const index of outputs) checkIndex(table, index, tensorCount);
  const operands = { inputs, outputs };
  const options = table.table(4);
  const int8 = (field: number): number => options?.int8(field) ?? 0;
  const size = (field: number, absent: number): number =>
    positive(table, options?.int32(field, absent) ?? absent, kind);
  switch (kind) {
    case "CONV_2D":
      return {
        ...operands,
        kind,
        padding: paddingOf(table, int8(0)),
        stride: [size(2, 1), size(1, 1)],
        dilation: [size(5, 1), size(4, 1)],
        activation: activationOf(table, int8(3)),
      };
    case "DEPTHWISE_CONV_2D":
      return {
        ...operands,
        kind,
        padding: paddingOf(table, int8(0)),
        stride: [size(2, 1), size(1, 1)],
        dilation: [size(6, 1), size(5, 1)],
        activation: activationOf(table, int8(4)),
      };
    case "MAX_POOL_2D":
      return {
        ...operands,
        kind,
        padding: paddingOf(table, int8(0)),
        stride: [size(2, 1), size(1, 1)],
        size: [size(4, 1), size(3, 1)],
        activation: activationOf(table, int8(5)),
      };
    case "FULLY_CONNECTED":
    case "ADD":
    case "SUB":
    case "MUL":
    case "DIV":
      return { ...operands, kind, activation: activationOf(table, int8(0)) };
    case "SUM":
    case "REDUCE_MAX":
      return { ...operands, kind, keepDims: int8(0) !== 0 };
    default:
      return { ...operands, kind };
  }
}

function paddingOf(table: FlatTable, value: number): TflitePadding {
  if (value === 0) return "SAME";
  if (value === 1) return "VALID";
  throw table.bad("padding SAME or VALID", `number ${value}`);
}

function activationOf(table: FlatTable, value: number): TfliteActivation {
  if (value === 0) return "none";
  if (value === 1) return "relu";
  if (value === 3) return "relu6";
  throw table.bad("a fused activation of none, RELU or RELU6", `number ${value}`);
}

function positive(table: FlatTable, value: number, kind: string): number {
  if (value >= 1 && value <= 4096) return value;
  throw table.bad(`a stride, dilation or window of 1…4096 in ${kind}`, `${value}`);
}

function checkIndex(table: FlatTable, index: number, count: number): void {
  if (index < 0 || index >= count) throw table.bad(`a tensor index below ${count}`, `${index}`);
}
