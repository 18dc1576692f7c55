import { elementCount } from "../core/index.ts";
import {
  ELEMENT_BYTES,
  ELEMENT_TYPE,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from "./model.ts";
import { ProtobufReader } from "./protobuf.ts";

/**
 * Reads an ONNX file's bytes. Weights are views into `bytes`, not copies.
 *
 * Throws    FaceError BAD_MODEL with the offset, for anything malformed; also for weights kept in other files
 *           (external data), which a stranger's model could point anywhere
 * Source    onnx/onnx.proto of the ONNX project
 */
export function decodeOnnx(bytes: Uint8Array): OnnxModel {
  const reader = new ProtobufReader(bytes);
  const opsets = emptyRecord<number>();
  const metadata = emptyRecord<string>();
  const opaque: Uint8Array[] = [];
  let irVersion = 0;
  let producer = "";
  let graph: DecodedGraph | undefined;
  for (let f = reader.next(); f; f = reader.next()) {
    if (f.field === 1) irVersion = reader.int(f.wire);
    else if (f.field === 2) producer = reader.string(f.wire);
    else if (f.field === 7) graph = decodeGraph(reader.message(f.wire));
    else if (f.field === 8) {
      const [domain, version] = decodeOpset(reader.message(f.wire));
      opsets[domain] = version;
    } else if (f.field === 14) {
      const [key, value] = decodeEntry(reader.message(f.wire));
      metadata[key] = value;
    } else opaque.push(reader.skip(f.wire));
  }
  if (!graph || irVersion === 0)
    throw reader.bad("a model with a version and a graph", "the end of the file");
  const { opaque: graphOpaque, ...rest } = graph;
  return { irVersion, producer, opsets, metadata, ...rest, opaque: { graph: graphOpaque, model: opaque } };
}

interface DecodedGraph
  extends Pick<OnnxModel, "graphName" | "nodes" | "initializers" | "inputs" | "outputs"> {
  readonly opaque: Uint8Array[];
}

function decodeGraph(reader: ProtobufReader): DecodedGraph {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const opaque: Uint8Array[] = [];
  let graphName = "";
  for (let f = reader.next(); f; f = reader.next()) {
    if (f.field === 1) nodes.push(decodeNode(reader.message(f.wire)));
    else if (f.field === 2) graphName = reader.string(f.wire);
    else if (f.field === 5) initializers.push(decodeTensor(reader.message(f.wire)));
    else if (f.field === 11) inputs.push(decodeValue(reader.message(f.wire)));
    else if (f.field === 12) outputs.push(decodeValue(reader.message(f.wire)));
    else opaque.push(reader.skip(f.wire));
  }
  return { graphName, nodes, initializers, inputs, outputs, opaque };
}

function decodeNode(reader: ProtobufReader): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = emptyRecord<OnnxAttribute>();
  let op = "";
  let domain = "";
  let name = "";
  for (let f = reader.next(); f; f = reader.next()) {
    if (f.field === 1) inputs.push(reader.string(f.wire));
    else if (f.field === 2) outputs.push(reader.string(f.wire));
    else if (f.field === 3) name = reader.string(f.wire);
    else if (f.field === 4) op = reader.string(f.wire);
    else if (f.field === 5) {
      const [key, attribute] = decodeAttribute(reader.message(f.wire));
      attributes[key] = attribute;
    } else if (f.field === 7) domain = reader.string(f.wire);
    else reader.skip(f.wire);
  }
  return { op, domain, name, inputs, outputs, attributes };
}

function decodeAttribute(reader: ProtobufReader): [string, OnnxAttribute] {
  let name = "";
  let kind = 0;
  let float = 0;
  let int = 0n;
  let text = "";
  let tensor: OnnxTensor | undefined;
  const ints: bigint[] = [];
  const floats: number[] = [];
  for (let f = reader.next(); f; f = reader.next()) {
    if (f.field === 1) name = reader.string(f.wire);
    else if (f.field === 2) float = reader.float(f.wire);
    else if (f.field === 3) int = BigInt.asIntN(64, reader.bigint(f.wire));
    else if (f.field === 4) text = reader.string(f.wire);
    else if (f.field === 5) tensor = decodeTensor(reader.message(f.wire));
    else if (f.field === 7) pushAll(floats, reader.floats(f.wire));
    else if (f.field === 8) pushAll(ints, reader.bigints(f.wire));
    else if (f.field === 20) kind = reader.int(f.wire);
    else reader.skip(f.wire);
  }
  if (kind === 1) return [name, { kind: "float", value: float }];
  if (kind === 2 && isExact(int)) return [name, { kind: "int", value: Number(int) }];
  if (kind === 3) return [name, { kind: "string", value: text }];
  if (kind === 4 && tensor) return [name, { kind: "tensor", value: tensor }];
  if (kind === 6) return [name, { kind: "floats", value: floats }];
  if (kind === 7 && ints.every(isExact)) return [name, { kind: "ints", value: ints.map(Number) }];
  return [name, { kind: "opaque", type: kind, encoded: reader.encoded }];
}

/** Tells whether a 64-bit number is a double exactly; `ends` of INT64_MAX, for "to the last", is not. */
function isExact(value: bigint): boolean {
  return Number.isSafeInteger(Number(value));
}

function decodeTensor(reader: ProtobufReader): OnnxTensor {
  const dims: number[] = [];
  const floats: number[] = [];
  const int32s: number[] = [];
  const int64s: bigint[] = [];
  const doubles: Uint8Array[] = [];
  let elementType = 0;
  let name = "";
  let raw: Uint8Array | undefined;
  let external = false;
  for (let f = reader.next(); f; f = reader.next()) {
    if (f.field === 1) pushAll(dims, reader.ints(f.wire));
    else if (f.field === 2) elementType = reader.int(f.wire);
    else if (f.field === 4) pushAll(floats, reader.floats(f.wire));
    else if (f.field === 5) pushAll(int32s, reader.ints(f.wire));
    else if (f.field === 7) pushAll(int64s, reader.bigints(f.wire));
    else if (f.field === 8) name = reader.string(f.wire);
    else if (f.field === 9) raw = reader.bytes(f.wire);
    else if (f.field === 10) doubles.push(reader.words(f.wire));
    else if (f.field === 11) pushAll(int64s, reader.bigints(f.wire));
    else if (f.field === 13) {
      external = true;
      reader.skip(f.wire);
    } else if (f.field === 14) external = reader.int(f.wire) === 1 || external;
    else reader.skip(f.wire);
  }
  if (external) throw reader.bad(`the weights of tensor "${name}" in the file`, "a reference to another");
  if (dims.some((dim) => dim < 0)) {
    throw reader.bad(`dimensions of tensor "${name}" of 0 or more`, `[${dims.join(", ")}]`);
  }
  const data = raw ?? packed(elementType, floats, int32s, int64s, doubles);
  const size = ELEMENT_BYTES[elementType];
  if (size !== undefined && elementCount(dims) * size !== data.length) {
    throw reader.bad(
      `${elementCount(dims) * size} bytes for tensor "${name}" of [${dims.join(", ")}]`,
      `${data.length}`,
    );
  }
  return { name, elementType, dims, data };
}

/** Values that the file spells out one by one, as the bytes they would have had. */
function packed(
  elementType: number,
  floats: number[],
  int32s: number[],
  int64s: bigint[],
  doubles: Uint8Array[],
): Uint8Array {
  if (elementType === ELEMENT_TYPE.float32) return new Uint8Array(Float32Array.from(floats).buffer);
  if (elementType === ELEMENT_TYPE.float64) return new Uint8Array(Buffer.concat(doubles));
  // Unsigned 32-bit numbers stand in a field of 64 bits.
  if (elementType === ELEMENT_TYPE.uint32) return new Uint8Array(Uint32Array.from(int64s, Number).buffer);
  if (elementType === ELEMENT_TYPE.int64 || elementType === ELEMENT_TYPE.uint64)
    return new Uint8Array(BigInt64Array.from(int64s).buffer);
  const size = ELEMENT_BYTES[elementType];
  if (size === 4) return new Uint8Array(Int32Array.from(int32s).buffer);
  if (size === 2) return new Uint8Array(Uint16Array.from(int32s).buffer);
  return Uint8Array.from(int32s);
}

function decodeValue(reader: ProtobufReader): OnnxValue {
  let name = "";
  let type: Omit<OnnxValue, "name"> = { elementType: 0, dims: undefined };
  for (let f = reader.next(); f; f = reader.next()) {
    if (f.field === 1) name = reader.string(f.wire);
    else if (f.field === 2) type = decodeType(reader.message(f.wire));
    else reader.skip(f.wire);
  }
  return { name, ...type };
}

/** The type of a tensor, or of a sequence of tensors; of anything else nothing is known. */
function decodeType(type: ProtobufReader): Omit<OnnxValue, "name"> {
  let found: Omit<OnnxValue, "name"> = { elementType: 0, dims: undefined };
  for (let f = type.next(); f; f = type.next()) {
    if (f.field === 1) found = decodeTensorType(type.message(f.wire));
    else if (f.field === 4) found = { ...decodeElements(type.message(f.wire)), sequence: true };
    else type.skip(f.wire);
  }
  return found;
}

/** The contents of a sequence. */
function decodeElements(sequence: ProtobufReader): Omit<OnnxValue, "name"> {
  let found: Omit<OnnxValue, "name"> = { elementType: 0, dims: undefined };
  for (let f = sequence.next(); f; f = sequence.next()) {
    if (f.field !== 1) {
      sequence.skip(f.wire);
      continue;
    }
    const type = sequence.message(f.wire);
    for (let t = type.next(); t; t = type.next()) {
      if (t.field === 1) found = decodeTensorType(type.message(t.wire));
      else type.skip(t.wire);
    }
  }
  return found;
}

function decodeTensorType(tensor: ProtobufReader): Omit<OnnxValue, "name"> {
  let elementType = 0;
  let dims: (number | string | null)[] | undefined;
  for (let f = tensor.next(); f; f = tensor.next()) {
    if (f.field === 1) elementType = tensor.int(f.wire);
    else if (f.field === 2) dims = decodeDims(tensor.message(f.wire));
    else tensor.skip(f.wire);
  }
  return { elementType, dims };
}

function decodeDims(reader: ProtobufReader): (number | string | null)[] {
  const dims: (number | string | null)[] = [];
  for (let f = reader.next(); f; f = reader.next()) {
    if (f.field !== 1) {
      reader.skip(f.wire);
      continue;
    }
    const dim = reader.message(f.wire);
    let size: number | string | null = null;
    for (let d = dim.next(); d; d = dim.next()) {
      if (d.field === 1) size = dim.int(d.wire);
      else if (d.field === 2) size = dim.string(d.wire) || null;
      else dim.skip(d.wire);
    }
    dims.push(size);
  }
  return dims;
}

function decodeOpset(reader: ProtobufReader): [string, number] {
  let domain = "";
  let version = 0;
  for (let f = reader.next(); f; f = reader.next()) {
    if (f.field === 1) domain = reader.string(f.wire);
    else if (f.field === 2) version = reader.int(f.wire);
    else reader.skip(f.wire);
  }
  return [domain === "ai.onnx" ? "" : domain, version];
}

function decodeEntry(reader: ProtobufReader): [string, string] {
  let key = "";
  let value = "";
  for (let f = reader.next(); f; f = reader.next()) {
    if (f.field === 1) key = reader.string(f.wire);
    else if (f.field === 2) value = reader.string(f.wire);
    else reader.skip(f.wire);
  }
  return [key, value];
}

/** `push(...items)` without its limit on how many. */
function pushAll<T>(target: T[], items: readonly T[]): void {
  for (const item of items) target.push(item);
}

/** A record for names out of a file, which may well be `__proto__`. */
function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}
