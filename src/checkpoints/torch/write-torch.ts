import { elementCount, FaceError } from "../../core/index.ts";
import type { Dtype } from "../dtype.ts";
import type { NamedTensor } from "../named-tensor.ts";
import { rowMajorStrides } from "../strides.ts";
import { writeZip, type ZipPart } from "../zip/index.ts";

/** The storage class that stands for an element type; the unsigned ones above 8 bits have none. */
const STORAGE_NAMES: Partial<Record<Dtype, string>> = {
  float64: "DoubleStorage",
  float32: "FloatStorage",
  float16: "HalfStorage",
  bfloat16: "BFloat16Storage",
  int64: "LongStorage",
  int32: "IntStorage",
  int16: "ShortStorage",
  int8: "CharStorage",
  uint8: "ByteStorage",
  bool: "BoolStorage",
};

/** The folder inside the archive; PyTorch uses the file's name, which these bytes do not know. */
const FOLDER = "archive";

/**
 * The pieces of a `.pth` file (zip container) holding a state dictionary, one tensor in memory at a time.
 *
 * `torch.load(path, weights_only=True)` gives an OrderedDict that `load_state_dict(strict=True)` takes.
 *
 * Throws    FaceError USAGE for an element type that PyTorch has no storage class for
 * Source    PyTorch's torch/serialization.py, `_save`; alignment of 64 bytes as its writer's
 */
export function* writeTorch(tensors: readonly NamedTensor[]): Generator<Uint8Array> {
  const pickle = pickleStateDict(tensors);
  const parts: ZipPart[] = [
    { name: `${FOLDER}/data.pkl`, bytes: () => pickle },
    { name: `${FOLDER}/.format_version`, bytes: () => ascii("1") },
    { name: `${FOLDER}/.storage_alignment`, bytes: () => ascii("64") },
    { name: `${FOLDER}/byteorder`, bytes: () => ascii("little") },
    ...tensors.map((tensor, key) => ({ name: `${FOLDER}/data/${key}`, bytes: () => tensor.bytes() })),
    { name: `${FOLDER}/version`, bytes: () => ascii("3\n") },
  ];
  yield* writeZip(parts, 64);
}

/** Protocol 2: an OrderedDict of tensors over the storages "0", "1", … in order. */
function pickleStateDict(tensors: readonly NamedTensor[]): Uint8Array {
  const out = new PickleWriter().raw(0x80, 2);
  out.global("collections", "OrderedDict").raw(EMPTY_TUPLE, REDUCE, MARK);
  for (const [key, tensor] of tensors.entries()) {
    const storage = STORAGE_NAMES[tensor.dtype];
    if (!storage) {
      throw new FaceError("USAGE", {
        where: "pth",
        expected: `tensor "${tensor.name}" of a type with a storage class`,
        got: tensor.dtype,
      });
    }
    out.text(tensor.name).global("torch._utils", "_rebuild_tensor_v2").raw(MARK);
    out
      .raw(MARK)
      .text("storage")
      .global("torch", storage)
      .text(String(key))
      .text("cpu")
      .integer(elementCount(tensor.shape));
    out
      .raw(TUPLE, BINPERSID)
      .integer(0)
      .tuple(tensor.shape)
      .tuple(rowMajorStrides(tensor.shape))
      .raw(NEWFALSE);
    out.global("collections", "OrderedDict").raw(EMPTY_TUPLE, REDUCE, TUPLE, REDUCE);
  }
  return out.raw(SETITEMS, STOP).finish();
}

const MARK = 0x28;
const STOP = 0x2e;
const REDUCE = 0x52;
const TUPLE = 0x74;
const EMPTY_TUPLE = 0x29;
const SETITEMS = 0x75;
const BINPERSID = 0x51;
const NEWFALSE = 0x89;

/** Writes the few opcodes that a state dictionary needs. */
class PickleWriter {
  readonly #bytes: number[] = [];

  raw(...bytes: number[]): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  global(module: string, name: string): this {
    return this.raw(0x63, ...ascii(`${module}\n${name}\n`));
  }

  text(value: string): this {
    const utf8 = new TextEncoder().encode(value);
    return this.raw(0x58, ...little(utf8.length, 4), ...utf8);
  }

  /** 0 and above, as BININT or, past 31 bits, LONG1. */
  integer(value: number): this {
    return value <= 0x7fffffff ? this.raw(0x4a, ...little(value, 4)) : this.raw(0x8a, 8, ...little(value, 8));
  }

  tuple(values: readonly number[]): this {
    this.raw(MARK);
    for (const value of values) this.integer(value);
    return this.raw(TUPLE);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

function little(value: number, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value), true);
  return new Uint8Array(view.buffer, 0, length);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
