import { elementCount, FaceError } from "../core/index.ts";
import type { ByteSource } from "./byte-source.ts";
import { DTYPE_BYTES, type Dtype, toFloat32 } from "./dtype.ts";
import { isRowMajor, rowMajorStrides } from "./strides.ts";

/** A tensor of a checkpoint. Its data stays in the file until it is asked for, and is not kept afterwards. */
export interface NamedTensor {
  readonly name: string;
  readonly dtype: Dtype;
  /** Sizes per axis; empty for a single number. */
  readonly shape: readonly number[];
  /** The elements, row-major, little-endian: a copy that belongs to the caller. */
  bytes(): Uint8Array<ArrayBuffer>;
  /** The elements as float32, whatever the file holds; see {@link toFloat32} for what is rounded. */
  floats(): Float32Array<ArrayBuffer>;
}

/** The place of a tensor's elements in a source, in elements of its dtype. */
export interface TensorLayout {
  /** Offset in bytes of element 0 of the storage. */
  readonly storageOffset: number;
  /** Elements in the storage. */
  readonly storageLength: number;
  /** Index in the storage of the tensor's first element. */
  readonly start: number;
  /** Elements between neighbours along each axis; row-major when absent. */
  readonly strides?: readonly number[];
}

/**
 * A tensor laid over a stretch of a source.
 *
 * Throws    FaceError BAD_FILE when the shape reaches outside the storage, or asks for more elements than the file
 *           has bytes (a view that repeats one element billions of times)
 */
export function storedTensor(
  source: ByteSource,
  name: string,
  dtype: Dtype,
  shape: readonly number[],
  layout: TensorLayout,
): NamedTensor {
  const count = countElements(source, name, shape, layout.storageOffset);
  const size = DTYPE_BYTES[dtype];
  const { start, storageLength, storageOffset } = layout;
  const strides = layout.strides ?? rowMajorStrides(shape);
  const reach = count === 0 ? 0 : 1 + shape.reduce((sum, dim, axis) => sum + (dim - 1) * strides[axis]!, 0);
  const fits =
    strides.length === shape.length &&
    strides.every((stride) => Number.isSafeInteger(stride) && stride >= 0) &&
    Number.isSafeInteger(start) &&
    start >= 0 &&
    Number.isSafeInteger(start + reach) &&
    start + reach <= storageLength;
  if (!fits) {
    throw new FaceError("BAD_FILE", {
      where: `${source.name}: at offset ${storageOffset}`,
      expected: `tensor "${name}" of [${shape.join(", ")}] with strides [${strides.join(", ")}] from element ${start} to lie inside a storage of ${storageLength}`,
      got: "one that does not",
    });
  }
  const bytes = (): Uint8Array<ArrayBuffer> => {
    const stretch = source.read(storageOffset + start * size, reach * size);
    return isRowMajor(shape, strides) ? stretch : gather(stretch, shape, strides, size, count);
  };
  return { name, dtype, shape, bytes, floats: () => toFloat32(bytes(), dtype) };
}

/** A tensor whose elements are in memory. `bytes` are row-major and little-endian and are not copied until read. */
export function memoryTensor(
  name: string,
  dtype: Dtype,
  shape: readonly number[],
  bytes: Uint8Array,
): NamedTensor {
  const count = elementCount(shape);
  if (bytes.length !== count * DTYPE_BYTES[dtype]) {
    throw new FaceError("SHAPE", {
      where: `tensor "${name}"`,
      expected: `${count * DTYPE_BYTES[dtype]} bytes for ${dtype} [${shape.join(", ")}]`,
      got: bytes.length,
    });
  }
  const copy = (): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
  return { name, dtype, shape, bytes: copy, floats: () => toFloat32(copy(), dtype) };
}

/** float32 values as a tensor, for writing; the values are not copied until read. */
export function floatTensorOf(name: string, shape: readonly number[], values: Float32Array): NamedTensor {
  return memoryTensor(
    name,
    "float32",
    shape,
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
}

/** The product of the sizes, held against the size of the file they came from. */
function countElements(source: ByteSource, name: string, shape: readonly number[], offset: number): number {
  const count = elementCount(shape);
  const sound = shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0) && count <= source.size;
  if (!sound) {
    throw new FaceError("BAD_FILE", {
      where: `${source.name}: at offset ${offset}`,
      expected: `tensor "${name}" to hold at most ${source.size} elements`,
      got: `[${shape.join(", ")}]`,
    });
  }
  return count;
}

/** Collects strided elements of `size` bytes into row-major order. */
function gather(
  stretch: Uint8Array,
  shape: readonly number[],
  strides: readonly number[],
  size: number,
  count: number,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(count * size);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let i = 0; i < count; i++) {
    for (let b = 0; b < size; b++) out[i * size + b] = stretch[from * size + b]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
