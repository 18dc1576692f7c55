import type { NamedTensor } from "./named-tensor.ts";

/** The file formats that hold named tensors. */
export type CheckpointFormat = "pytorch-legacy" | "pytorch-zip" | "safetensors" | "onnx" | "tflite";

/** A file of named tensors, open. Whoever opens it closes it; tensors cannot be read afterwards. */
export interface Checkpoint extends Disposable {
  readonly format: CheckpointFormat;
  /** In the file's order. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** Names of the dictionaries that the tensors lay under, outermost first; empty when they are the file's root. */
  readonly under: readonly string[];
  /** What every name began with and has been cut off: `module.`, of a network saved while spread over devices. */
  readonly prefix: string;
  /** Other places in the file where tensors lie, as dotted paths that can be given as `under`. */
  readonly elsewhere: readonly string[];
  /** Text that the format keeps beside the tensors. */
  readonly metadata: Readonly<Record<string, string>>;
  /** A second call does nothing. */
  close(): void;
}
