import type { NamedTensor } from "./named-tensor.ts";

/** The file formats that hold named tensors. */
export type CheckpointFormat =
  | "pytorch-legacy"
  | "pytorch-zip"
  | "torchscript"
  | "safetensors"
  | "mxnet"
  | "onnx"
  | "tflite";

/** A file of named tensors, open. Whoever opens it closes it; tensors cannot be read afterwards. */
export interface Checkpoint extends Disposable {
  readonly format: CheckpointFormat;
  /** In the file's order. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** Names of the dictionaries that the tensors lay under, outermost first; empty when they are the file's root. */
  readonly under: readonly string[];
  /** The prefix of every name, which has been cut off: `module.`, of a network saved while spread over devices. */
  readonly prefix: string;
  /** Wrappers' names that were taken out of the middle of others: `_orig_mod`, of a part that was compiled. */
  readonly wrappers: readonly string[];
  /** Tensors beside those of {@link tensors} that are of a kind that is not read here, and what each is. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Other places in the file where tensors lie, as dotted paths that can be given as `under`. */
  readonly elsewhere: readonly string[];
  /** Text that the format keeps beside the tensors. */
  readonly metadata: Readonly<Record<string, string>>;
  /** A second call does nothing. */
  close(): void;
}

/** A checkpoint with what its format does not have left empty. */
export function checkpointOf(
  parts: Pick<Checkpoint, "format" | "tensors" | "close"> & Partial<Checkpoint>,
): Checkpoint {
  return {
    under: [],
    prefix: "",
    wrappers: [],
    unreadable: new Map(),
    elsewhere: [],
    metadata: {},
    ...parts,
    [Symbol.dispose]: parts.close,
  };
}
