/** Element types of ONNX tensors by the number the format gives them. */
export const ELEMENT_TYPE = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

/** Bytes of one element, for the element types whose data this library reads. */
export const ELEMENT_BYTES: Readonly<Record<number, number>> = {
  1: 4,
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  9: 1,
  10: 2,
  11: 8,
  12: 4,
  13: 8,
  16: 2,
};

/** A constant of the graph. `data` is little-endian and may be a view into the file it came from. */
export interface OnnxTensor {
  readonly name: string;
  readonly elementType: number;
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

/**
 * An attribute's value. An `opaque` one is passed on as it is encoded: numbers that no double holds exactly, and what
 * this library does not look into (subgraphs, for example). Its `type` is ONNX's number of the attribute's kind.
 */
export type OnnxAttribute =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "tensor"; readonly value: OnnxTensor }
  | { readonly kind: "opaque"; readonly type: number; readonly encoded: Uint8Array };

/** One operation. An empty input name is an optional input left out. */
export interface OnnxNode {
  readonly op: string;
  /** Empty for the standard operator set. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A named input or output. A dimension is a size, a symbol, or null where the file does not say. */
export interface OnnxValue {
  readonly name: string;
  readonly elementType: number;
  readonly dims: readonly (number | string | null)[] | undefined;
  /** True if it is a sequence of such tensors. */
  readonly sequence?: boolean;
}

/** A network as a value: what an ONNX file holds, in the order it holds it. */
export interface OnnxModel {
  readonly irVersion: number;
  readonly producer: string;
  /** Operator-set version by domain; the standard one is under "". */
  readonly opsets: Readonly<Record<string, number>>;
  readonly graphName: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Encoded fields of the graph and of the model that are passed on unread (functions, sparse tensors, …). */
  readonly opaque: { readonly graph: readonly Uint8Array[]; readonly model: readonly Uint8Array[] };
}

/** A float32 constant. */
export function floatTensor(name: string, dims: readonly number[], values: Float32Array): OnnxTensor {
  return {
    name,
    elementType: ELEMENT_TYPE.float32,
    dims,
    data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  };
}

/** An int64 constant, as ONNX wants shapes and axes. */
export function intTensor(name: string, dims: readonly number[], values: readonly number[]): OnnxTensor {
  const wide = BigInt64Array.from(values, BigInt);
  return { name, elementType: ELEMENT_TYPE.int64, dims, data: new Uint8Array(wide.buffer) };
}

/** A float32 constant's values; undefined when it is of another type. A copy, whatever the data's alignment. */
export function floatValues(tensor: OnnxTensor): Float32Array | undefined {
  if (tensor.elementType !== ELEMENT_TYPE.float32) return undefined;
  // Not slice(): the bytes may be a Buffer, whose slice is a view.
  return new Float32Array(new Uint8Array(tensor.data).buffer);
}
