import { bytesAt } from "../../core/index.ts";
import type { ByteSource } from "../byte-source.ts";
import { type Checkpoint, checkpointOf } from "../checkpoint.ts";
import { DTYPE_BYTES, type Dtype } from "../dtype.ts";
import { type NamedTensor, storedTensor } from "../named-tensor.ts";
import { openTflite, tensorFields } from "./model.ts";

/** Element types by the number the format gives them. */
const DTYPES: Readonly<Record<number, Dtype>> = {
  0: "float32",
  1: "float16",
  2: "int32",
  3: "uint8",
  4: "int64",
  6: "bool",
  7: "int16",
  9: "int8",
  10: "float64",
};

/** Tells whether a file is a TensorFlow Lite model. */
export function isTflite(head: Uint8Array): boolean {
  return bytesAt(head, 4, "TFL3");
}

/**
 * The constants of a TFLite model as a checkpoint, whatever its operators; types and texts this library does not read
 * are left out. A name that occurs again gets the tensor's number behind it.
 *
 * Throws    FaceError BAD_MODEL, BAD_FILE with the offset
 */
export function readTfliteWeights(source: ByteSource): Checkpoint {
  const bytes = source.read(0, source.size);
  const { graph, buffers } = openTflite(bytes);
  const tensors = new Map<string, NamedTensor>();
  for (const [index, table] of graph.tables(0).entries()) {
    const { name, shape, type, raw } = tensorFields(table, buffers);
    const dtype = DTYPES[type];
    if (raw.length === 0 || !dtype) continue;
    const own = tensors.has(name) ? `${name}#${index}` : name;
    tensors.set(
      own,
      storedTensor(source, own, dtype, shape, {
        storageOffset: raw.byteOffset - bytes.byteOffset,
        storageLength: raw.length / DTYPE_BYTES[dtype],
        start: 0,
      }),
    );
  }
  return checkpointOf({ format: "tflite", tensors, close: () => source.close() });
}
