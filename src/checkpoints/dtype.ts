import { fromFloat16 } from "../core/index.ts";

/** Element types of the tensors in a checkpoint, and the bytes of one element. */
export const DTYPE_BYTES = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
} as const;

/** One of {@link DTYPE_BYTES}. */
export type Dtype = keyof typeof DTYPE_BYTES;

/**
 * Little-endian elements of any type as float32.
 *
 * Shapes    bytes N · {@link DTYPE_BYTES} → [N]; `bytes` must start at a multiple of the element's size in its buffer
 * Ranges    float64 and whole numbers above 2²⁴ are rounded to the nearest float32; halves are exact
 * Returns   a view into `bytes` when they are float32 already, a new array otherwise
 */
export function toFloat32(bytes: Uint8Array<ArrayBuffer>, dtype: Dtype): Float32Array<ArrayBuffer> {
  const { buffer, byteOffset } = bytes;
  const length = bytes.length / DTYPE_BYTES[dtype];
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, byteOffset, length);
    case "float64":
      return Float32Array.from(new Float64Array(buffer, byteOffset, length));
    case "float16":
      return fromFloat16(new Uint16Array(buffer, byteOffset, length));
    case "bfloat16":
      return expandBrainFloats(new Uint16Array(buffer, byteOffset, length));
    case "int64":
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, length), Number);
    case "uint64":
      return Float32Array.from(new BigUint64Array(buffer, byteOffset, length), Number);
    case "int32":
      return Float32Array.from(new Int32Array(buffer, byteOffset, length));
    case "uint32":
      return Float32Array.from(new Uint32Array(buffer, byteOffset, length));
    case "int16":
      return Float32Array.from(new Int16Array(buffer, byteOffset, length));
    case "uint16":
      return Float32Array.from(new Uint16Array(buffer, byteOffset, length));
    case "int8":
      return Float32Array.from(new Int8Array(buffer, byteOffset, length));
    case "uint8":
      return Float32Array.from(bytes);
    case "bool":
      return Float32Array.from(bytes, (byte) => (byte === 0 ? 0 : 1));
  }
}

/** The upper halves of float32 values as float32, exactly. */
function expandBrainFloats(upper: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(upper.length);
  for (let i = 0; i < upper.length; i++) bits[i] = upper[i]! << 16;
  return new Float32Array(bits.buffer);
}
