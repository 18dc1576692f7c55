import { elementCount } from "../../core/index.ts";
import { DTYPE_BYTES, type Dtype } from "../dtype.ts";
import type { NamedTensor } from "../named-tensor.ts";
import { SAFETENSORS_DTYPES } from "./dtypes.ts";

const ALIGNMENT = 8;

/**
 * The pieces of a safetensors file, one tensor in memory at a time.
 *
 * Data lies widest elements first, so that every tensor is aligned in a mapped file; the header keeps the given order.
 *
 * @param metadata text kept in the header under `__metadata__`
 */
export function* writeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Generator<Uint8Array> {
  const widestFirst = [...tensors].sort((a, b) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype]);
  const begins = new Map<NamedTensor, number>();
  let at = 0;
  for (const tensor of widestFirst) {
    begins.set(tensor, at);
    at += sizeOf(tensor);
  }
  const entries = tensors.map((tensor) => {
    const begin = begins.get(tensor)!;
    const value = {
      dtype: NAMES.get(tensor.dtype)!,
      shape: tensor.shape,
      data_offsets: [begin, begin + sizeOf(tensor)],
    };
    return [tensor.name, value] as const;
  });
  const extra = Object.keys(metadata).length > 0 ? [["__metadata__", metadata] as const] : [];
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...extra, ...entries])));
  const header = new Uint8Array(Math.ceil(json.length / ALIGNMENT) * ALIGNMENT).fill(0x20);
  header.set(json);
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(header.length), true);
  yield new Uint8Array(length.buffer);
  yield header;
  for (const tensor of widestFirst) yield tensor.bytes();
}

const NAMES: ReadonlyMap<Dtype, string> = new Map(
  [...SAFETENSORS_DTYPES].map(([name, dtype]) => [dtype, name]),
);

function sizeOf(tensor: NamedTensor): number {
  return elementCount(tensor.shape) * DTYPE_BYTES[tensor.dtype];
}
