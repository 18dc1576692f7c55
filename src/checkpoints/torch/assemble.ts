import { FaceError } from "../../core/index.ts";
import type { ByteSource } from "../byte-source.ts";
import type { Checkpoint, CheckpointFormat } from "../checkpoint.ts";
import { DTYPE_BYTES } from "../dtype.ts";
import { type NamedTensor, storedTensor } from "../named-tensor.ts";
import type { PickleValue } from "../pickle/index.ts";
import { findStateDict } from "./state-dict.ts";
import type { TensorValue } from "./tensor-value.ts";

/** Where a storage's bytes lie in the file. */
export interface StoragePlace {
  readonly offset: number;
  readonly bytes: number;
}

/** What both PyTorch containers come down to. */
export interface TorchContents {
  readonly format: CheckpointFormat;
  /** What was saved. */
  readonly root: PickleValue;
  /** Where the pickle that described it lies. Its length is the measure of how large the described tree may be. */
  readonly pickle: { readonly offset: number; readonly bytes: number };
  /** Throws FaceError BAD_FILE when there is no such storage. */
  storage(key: string): StoragePlace;
}

/** Wrappers that put their own name in front of every tensor of the network inside. */
const WRAPPER_PREFIXES: readonly string[] = ["module.", "_orig_mod."];

/** The checkpoint in a PyTorch container that has been opened: names found, tensors laid over their storages. */
export function assembleCheckpoint(
  source: ByteSource,
  contents: TorchContents,
  wanted?: readonly string[],
): Checkpoint {
  const { offset, bytes } = contents.pickle;
  const found = findStateDict(contents.root, `${source.name}: at offset ${offset}`, bytes + 1_000, wanted);
  const prefix = commonPrefix([...found.tensors.keys()]);
  const tensors = new Map<string, NamedTensor>();
  for (const [longName, value] of found.tensors) {
    const name = longName.slice(prefix.length);
    tensors.set(name, layTensor(source, name, value, contents.storage(value.storage.key)));
  }
  return {
    format: contents.format,
    tensors,
    under: found.under,
    prefix,
    elsewhere: found.elsewhere,
    metadata: {},
    close: () => source.close(),
    [Symbol.dispose]: () => source.close(),
  };
}

/** The wrappers' names that every tensor begins with, one after another. */
function commonPrefix(names: readonly string[]): string {
  let prefix = "";
  for (let wrapper: string | undefined = ""; wrapper !== undefined; prefix += wrapper ?? "") {
    const start: number = prefix.length;
    wrapper = WRAPPER_PREFIXES.find((word) => names.every((name) => name.startsWith(word, start)));
  }
  return prefix;
}

function layTensor(source: ByteSource, name: string, value: TensorValue, place: StoragePlace): NamedTensor {
  const { storage, dtype, start, shape, strides } = value;
  const size = DTYPE_BYTES[dtype];
  const unit = storage.dtype === undefined ? 1 : DTYPE_BYTES[storage.dtype];
  if (storage.length * unit > place.bytes) {
    throw new FaceError(
      "BAD_FILE",
      `${source.name}: at offset ${place.offset}: expected ${storage.length * unit} bytes of storage "${storage.key}", got ${place.bytes}`,
    );
  }
  return storedTensor(source, name, dtype, shape, {
    storageOffset: place.offset + storage.viewStart * unit,
    storageLength: Math.floor((storage.viewLength * unit) / size),
    start,
    strides,
  });
}
