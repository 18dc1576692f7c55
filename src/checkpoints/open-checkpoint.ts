import { FaceError, namingFile } from "../core/index.ts";
import { type ByteSource, openFileSource } from "./byte-source.ts";
import type { Checkpoint, CheckpointFormat } from "./checkpoint.ts";
import { foreignFile } from "./foreign-files.ts";
import { isMxnet, readMxnet } from "./mxnet/index.ts";
import { isOnnx, readOnnxWeights } from "./onnx-weights.ts";
import { isSafetensors, readSafetensors } from "./safetensors/index.ts";
import { isTflite, readTfliteWeights } from "./tflite/index.ts";
import { assembleCheckpoint, isTorchLegacy, isZip, readTorchLegacy, readTorchZip } from "./torch/index.ts";

const HEAD_BYTES = 16;

/** Options for opening a checkpoint. */
export interface CheckpointOptions {
  /**
   * Dictionary to take from a PyTorch file with several, by its keys from the outside in.
   * @default the file's root if it holds the most tensors, else the first of the usual names (`state_dict`, `model`, …);
   *          of several without a usual name that hold the same names none is taken
   */
  readonly under?: readonly string[];
}

interface FormatReader {
  readonly format: CheckpointFormat;
  /** True if several dictionaries of tensors can be in one file. */
  readonly hasPlaces?: boolean;
  matches(head: Uint8Array, size: number): boolean;
  read(source: ByteSource, options: CheckpointOptions): Checkpoint;
}

/** Strongest marks first: an ONNX file has no magic, only a likely first field. */
const READERS: readonly FormatReader[] = [
  {
    format: "pytorch-zip",
    hasPlaces: true,
    matches: isZip,
    read: (source, { under }) => assembleCheckpoint(source, readTorchZip(source), under),
  },
  {
    format: "pytorch-legacy",
    hasPlaces: true,
    matches: isTorchLegacy,
    read: (source, { under }) => assembleCheckpoint(source, readTorchLegacy(source), under),
  },
  { format: "safetensors", matches: isSafetensors, read: readSafetensors },
  { format: "mxnet", matches: isMxnet, read: readMxnet },
  { format: "tflite", matches: isTflite, read: readTfliteWeights },
  { format: "onnx", matches: isOnnx, read: readOnnxWeights },
];

/**
 * Opens a file of weights: PyTorch's `.pth` in both containers, TorchScript, safetensors, MXNet, ONNX,
 * TFLite.
 *
 * The content decides, never the file's name. Only the tables of contents are read; tensors when they are asked for.
 *
 * Throws    FaceError BAD_FILE, BAD_MODEL for a damaged ONNX or TFLite file, USAGE for `under` with a format that has no
 *           places; the file is closed again
 */
export function openCheckpoint(path: string, options: CheckpointOptions = {}): Checkpoint {
  return readCheckpoint(openFileSource(path), options);
}

/** Like {@link openCheckpoint}, of bytes that lie anywhere. The checkpoint closes the source, also on failure. */
export function readCheckpoint(source: ByteSource, options: CheckpointOptions = {}): Checkpoint {
  try {
    const format = expectFormat(source);
    const reader = READERS.find((candidate) => candidate.format === format)!;
    if (options.under && !reader.hasPlaces)
      throw new FaceError("USAGE", {
        where: source.name,
        expected: `a PyTorch file for weights under ${options.under.join(".")}`,
        got: `one of format ${format}, which has no places`,
      });
    return namingFile(source.name, () => reader.read(source, options));
  } catch (thrown) {
    source.close();
    throw thrown;
  }
}

/** The format that a file is in, by its first bytes alone; undefined when it is none of them. */
export function checkpointFormat(source: ByteSource): CheckpointFormat | undefined {
  const head = source.read(0, Math.min(HEAD_BYTES, source.size));
  return READERS.find((reader) => reader.matches(head, source.size))?.format;
}

/** Like {@link checkpointFormat}. Throws FaceError BAD_FILE saying what the file is, where that can be told. */
export function expectFormat(source: ByteSource): CheckpointFormat {
  const format = checkpointFormat(source);
  if (!format) throw foreignFile(source);
  return format;
}
