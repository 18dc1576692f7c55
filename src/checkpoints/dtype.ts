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
      return expandHalves(new Uint16Array(buffer, byteOffset, length));
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

/**
 * float32 values as IEEE 754 halves, rounded to the nearest, ties to even.
 *
 * Ranges    beyond ±65,504 becomes ±infinity; below 2⁻²⁵ becomes 0
 */
export function toFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  const halves = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i]!;
    const sign = (x >>> 16) & 0x8000;
    const magnitude = x & 0x7fffffff;
    if (magnitude > 0x7f800000) halves[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) halves[i] = sign | 0x7c00;
    else if (magnitude >= 0x38800000) {
      const rebased = magnitude - 0x38000000;
      halves[i] = sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
    } else if (magnitude > 0x33000000) {
      // A subnormal half: the mantissa with its hidden one, shifted to a fixed exponent.
      const shift = 126 - (magnitude >>> 23);
      const mantissa = (magnitude & 0x7fffff) | 0x800000;
      const half = mantissa >>> shift;
      const rest = mantissa & ((1 << shift) - 1);
      const middle = 1 << (shift - 1);
      halves[i] = sign | (half + (rest > middle || (rest === middle && half & 1) ? 1 : 0));
    } else halves[i] = sign;
  }
  return halves;
}

/** IEEE 754 halves as float32, exactly. */
function expandHalves(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const sign = (half & 0x8000) << 16;
    const exponent = (half >>> 10) & 31;
    const mantissa = half & 0x3ff;
    if (exponent === 31) bits[i] = sign | 0x7f800000 | (mantissa << 13);
    else if (exponent > 0) bits[i] = sign | ((exponent + 112) << 23) | (mantissa << 13);
    else values[i] = (sign === 0 ? 1 : -1) * mantissa * 2 ** -24;
  }
  return values;
}

/** The upper halves of float32 values as float32, exactly. */
function expandBrainFloats(upper: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(upper.length);
  for (let i = 0; i < upper.length; i++) bits[i] = upper[i]! << 16;
  return new Float32Array(bits.buffer);
}
