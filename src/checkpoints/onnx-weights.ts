import { FaceError } from "../core/index.ts";
import { decodeOnnx, ELEMENT_TYPE, type OnnxModel } from "../onnx/index.ts";
import type { ByteSource } from "./byte-source.ts";
import { type Checkpoint, checkpointOf } from "./checkpoint.ts";
import type { Dtype } from "./dtype.ts";
import { memoryTensor, type NamedTensor } from "./named-tensor.ts";

/** Tells whether a file can be an ONNX model: it begins with one of the fields that a writer puts first. */
export function isOnnx(head: Uint8Array): boolean {
  // Field 1 (version) as a varint, field 2 (producer) or 7 (graph) as bytes.
  const [tag = 0, next = 0] = head;
  return (tag === 0x08 && next > 0 && next < 32) || tag === 0x12 || tag === 0x3a;
}

/**
 * The constants of an ONNX model as a checkpoint. The file is read whole; the tensors are copies of its parts.
 *
 * Throws    FaceError BAD_MODEL with the offset
 */
export function readOnnxWeights(source: ByteSource): Checkpoint {
  const model = decodeOnnx(source.read(0, source.size));
  const unreadable = new Map<string, string>();
  const tensors = onnxTensors(model, unreadable);
  const { metadata } = model;
  return checkpointOf({ format: "onnx", tensors, unreadable, metadata, close: () => source.close() });
}

/**
 * A model's constants by name, those of `Constant` nodes included.
 *
 * @param unreadable gets the names of those of types that this library does not read
 */
export function onnxTensors(
  model: OnnxModel,
  unreadable: Map<string, string> = new Map(),
): ReadonlyMap<string, NamedTensor> {
  const tensors = new Map<string, NamedTensor>();
  const add = (name: string, elementType: number, dims: readonly number[], data: Uint8Array): void => {
    const dtype = DTYPES.get(elementType);
    if (!dtype) {
      const text = elementType === ELEMENT_TYPE.string;
      unreadable.set(name, text ? "text" : `a tensor of element type ${elementType}`);
      return;
    }
    if (tensors.has(name))
      throw new FaceError("BAD_MODEL", {
        where: "onnx",
        expected: "every constant once",
        got: `"${name}" again`,
      });
    tensors.set(name, memoryTensor(name, dtype, dims, data));
  };
  for (const { name, elementType, dims, data } of model.initializers) add(name, elementType, dims, data);
  for (const node of model.nodes) {
    const value = node.op === "Constant" ? node.attributes["value"] : undefined;
    if (value?.kind !== "tensor") continue;
    add(node.outputs[0] ?? node.name, value.value.elementType, value.value.dims, value.value.data);
  }
  return tensors;
}

const DTYPES: ReadonlyMap<number, Dtype> = new Map(
  (
    "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool".split(
      " ",
    ) as Dtype[]
  ).map((dtype) => [ELEMENT_TYPE[dtype], dtype]),
);
