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
export function fromFloat16(halves: Uint16Array): Float32Array<ArrayBuffer> {
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
