import { FaceError } from "../../core/index.ts";
import type { ByteSource } from "../byte-source.ts";
import { type Checkpoint, type CheckpointFormat, checkpointOf } from "../checkpoint.ts";
import { DTYPE_BYTES } from "../dtype.ts";
import { type NamedTensor, storedTensor } from "../named-tensor.ts";
import type { PickleValue } from "../pickle/index.ts";
import { unwrapNames } from "../wrapper-names.ts";
import { findStateDict } from "./state-dict.ts";
import type { TensorValue } from "./tensor-value.ts";

/** Position of a storage's bytes. */
export interface StoragePlace {
  readonly source: ByteSource;
  readonly offset: number;
  readonly bytes: number;
}

/** The common form of both PyTorch containers. */
export interface TorchContents {
  readonly format: CheckpointFormat;
  /** The saved object. */
  readonly root: PickleValue;
  /** Position of the pickle that described it. Its length is the measure of how large the described tree may be. */
  readonly pickle: { readonly offset: number; readonly bytes: number };
  /** Throws FaceError BAD_FILE when there is no such storage. */
  storage(key: string): StoragePlace;
  /** The kind of the file when it has no tensors by name. */
  readonly nameless?: string;
  /** Lets go of what was unpacked; the file itself is closed by whoever opened it. */
  close?(): void;
}

/** The checkpoint in a PyTorch container that has been opened: names found, tensors laid over their storages. */
export function assembleCheckpoint(
  source: ByteSource,
  contents: TorchContents,
  wanted?: readonly string[],
): Checkpoint {
  const { offset, bytes } = contents.pickle;
  const found = findStateDict(contents.root, `${source.name}: at offset ${offset}`, bytes + 1_000, {
    wanted,
    nameless: contents.nameless,
  });
  const names = unwrapNames([...found.tensors.keys(), ...found.unreadable.keys()]);
  const tensors = new Map<string, NamedTensor>();
  for (const [longName, value] of found.tensors) {
    const name = names.own(longName);
    tensors.set(name, layTensor(name, value, contents.storage(value.storage.key)));
  }
  return checkpointOf({
    format: contents.format,
    tensors,
    under: found.under,
    prefix: names.prefix,
    wrappers: names.inner,
    unreadable: new Map([...found.unreadable].map(([name, { what }]) => [names.own(name), what])),
    elsewhere: found.elsewhere,
    close: () => {
      contents.close?.();
      source.close();
    },
  });
}

function layTensor(name: string, value: TensorValue, place: StoragePlace): NamedTensor {
  const { storage, dtype, start, shape, strides } = value;
  const size = DTYPE_BYTES[dtype];
  const { unit } = storage;
  if (storage.length * unit > place.bytes) {
    throw new FaceError("BAD_FILE", {
      where: `${place.source.name}: at offset ${place.offset}`,
      expected: `${storage.length * unit} bytes of storage "${storage.key}"`,
      got: place.bytes,
    });
  }
  return storedTensor(place.source, name, dtype, shape, {
    storageOffset: place.offset + storage.viewStart * unit,
    storageLength: Math.floor((storage.viewLength * unit) / size),
    start,
    strides,
  });
}
