import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { draftOf, FaceError } from "../core/index.ts";
import type { NamedTensor } from "./named-tensor.ts";
import { writeSafetensors } from "./safetensors/index.ts";
import { writeTorch } from "./torch/index.ts";

/** The formats that weights are written in. */
export type WritableFormat = "pytorch-zip" | "safetensors";

/**
 * The pieces of a checkpoint file in order; one tensor is in memory at a time.
 *
 * Throws    FaceError USAGE when two tensors have one name
 */
export function encodeCheckpoint(
  format: WritableFormat,
  tensors: readonly NamedTensor[],
): Iterable<Uint8Array> {
  const names = new Set<string>();
  for (const { name } of tensors) {
    if (names.has(name))
      throw new FaceError("USAGE", {
        where: "checkpoint",
        expected: "every tensor's name once",
        got: `"${name}" twice`,
      });
    names.add(name);
  }
  return format === "pytorch-zip" ? writeTorch(tensors) : writeSafetensors(tensors);
}

/**
 * Writes a checkpoint file, whole or not at all: beside its place first, then renamed.
 *
 * Throws    FaceError STORAGE when it cannot be written
 */
export function writeCheckpoint(path: string, format: WritableFormat, tensors: readonly NamedTensor[]): void {
  const pieces = encodeCheckpoint(format, tensors);
  const draft = draftOf(path);
  try {
    const descriptor = openSync(draft, "wx");
    try {
      for (const piece of pieces) writeFully(descriptor, piece);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    if (cause instanceof FaceError) throw cause;
    throw new FaceError("STORAGE", { where: path, expected: "to write a checkpoint", cause });
  }
}

function writeFully(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
