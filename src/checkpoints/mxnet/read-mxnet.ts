import { elementCount } from "../../core/index.ts";
import { ByteCursor } from "../byte-cursor.ts";
import type { ByteSource } from "../byte-source.ts";
import { type Checkpoint, checkpointOf } from "../checkpoint.ts";
import { DTYPE_BYTES, type Dtype } from "../dtype.ts";
import { type NamedTensor, storedTensor, type TensorLayout } from "../named-tensor.ts";
import { iresnetTensors } from "./iresnet-names.ts";

const LIST_MAGIC = 0x112;
const ARRAY_V1 = 0xf993fac8;
const ARRAY_V2 = 0xf993fac9;
const ARRAY_V3 = 0xf993faca;
const MAX_AXES = 32;
const MAX_ARRAYS = 100_000;
const MAX_NAME = 1_000;
const DENSE = 0;

/** Element types by mshadow's number. */
const DTYPES: ReadonlyMap<number, Dtype> = new Map([
  [0, "float32"],
  [1, "float64"],
  [2, "float16"],
  [3, "uint8"],
  [4, "int32"],
  [5, "int8"],
  [6, "int64"],
  [7, "bool"],
  [12, "bfloat16"],
]);

/** Tells whether a file begins as a list of MXNet's arrays does: a magic number and eight zeros. */
export function isMxnet(head: Uint8Array): boolean {
  return (
    head.length >= 16 && head[0] === 0x12 && head[1] === 1 && head.subarray(2, 16).every((byte) => byte === 0)
  );
}

/** An array without its name, which stands behind all arrays. */
interface Found {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly layout: TensorLayout;
}

/**
 * Opens MXNet's `.params`: arrays one after another, then their names, `arg:` before a parameter's and `aux:` before a
 * running statistic's. An iResNet's are given the names of InsightFace's PyTorch code, see {@link iresnetTensors}.
 *
 * Throws    FaceError BAD_FILE with the offset, also for sparse arrays, whose length the format does not tell
 * Source    Apache MXNet's src/ndarray/ndarray.cc, `NDArray::Save` and `NDArray::Load`
 */
export function readMxnet(source: ByteSource): Checkpoint {
  const cursor = new ByteCursor(source, `${source.name}: mxnet`);
  if (cursor.u64() !== LIST_MAGIC || cursor.u64() !== 0)
    throw cursor.bad("a list of MXNet arrays", "something else");
  const count = countOf(cursor, MAX_ARRAYS);
  const arrays: (Found | undefined)[] = [];
  for (let i = 0; i < count; i++) arrays.push(readArray(cursor));
  const names = Array.from({ length: countOf(cursor, MAX_ARRAYS) }, () => readName(cursor));
  if (names.length !== count && names.length !== 0)
    throw cursor.bad(`${count} names, or none`, `${names.length}`);
  const tensors = new Map<string, NamedTensor>();
  const unreadable = new Map<string, string>();
  arrays.forEach((array, i) => {
    const name = names[i] ?? String(i);
    if (!array) {
      unreadable.set(name, "an array that was never filled");
      return;
    }
    if (tensors.has(name)) throw cursor.bad("every name once", JSON.stringify(name));
    tensors.set(name, storedTensor(source, name, array.dtype, array.shape, array.layout));
  });
  const renamed = iresnetTensors(tensors);
  return checkpointOf({
    format: "mxnet",
    tensors: renamed ?? tensors,
    unreadable,
    metadata: renamed ? { names: "an iResNet's, as InsightFace's PyTorch code has them" } : {},
    close: () => source.close(),
  });
}

/** One array; undefined for one that was never filled. */
function readArray(cursor: ByteCursor): Found | undefined {
  const magic = cursor.u32();
  const sized = magic === ARRAY_V1 || magic === ARRAY_V2 || magic === ARRAY_V3;
  if (magic === ARRAY_V2 || magic === ARRAY_V3) {
    const storage = cursor.i32();
    if (storage !== DENSE) throw cursor.bad("a dense array", `storage type ${storage}`);
  }
  // Before there was a magic number the number of axes stood here, and sizes had 32 bits.
  const axes = sized ? cursor.u32() : magic;
  if (axes > MAX_AXES && !(magic === ARRAY_V3 && axes === 0xffffffff))
    throw cursor.bad(`an array of at most ${MAX_AXES} axes`, `${axes}`);
  if (axes === 0xffffffff || (axes === 0 && magic !== ARRAY_V3)) return undefined;
  const shape = Array.from({ length: axes }, () => (sized ? cursor.u64() : cursor.u32()));
  cursor.skip(8); // The device it lay on.
  const type = cursor.i32();
  const dtype = DTYPES.get(type);
  if (!dtype) throw cursor.bad("an element type of MXNet's", `number ${type}`);
  const length = elementCount(shape);
  const layout = { storageOffset: cursor.offset, storageLength: length, start: 0 };
  cursor.skip(length * DTYPE_BYTES[dtype]);
  return { dtype, shape, layout };
}

function readName(cursor: ByteCursor): string {
  const bytes = cursor.take(countOf(cursor, MAX_NAME));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}

function countOf(cursor: ByteCursor, most: number): number {
  const count = cursor.u64();
  if (count > most) throw cursor.bad(`at most ${most}`, `${count}`);
  return count;
}
