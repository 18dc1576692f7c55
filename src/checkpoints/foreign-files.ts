import { FaceError } from "../core/index.ts";
import type { ByteSource } from "./byte-source.ts";

/** Files that are taken for weights and are none, or none that are read here, by how they begin. */
const KINDS: readonly (readonly [what: string, begins: string | Uint8Array, at?: number])[] = [
  [
    "a Git LFS pointer, which stands for the file: fetch it with `git lfs pull`",
    "version https://git-lfs.github.com/spec/",
  ],
  ["a numpy array (.npy)", Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)],
  ["an HDF5 file, as Keras writes them", Uint8Array.of(0x89, 0x48, 0x44, 0x46)],
  ["a gzip file: unpack it first", Uint8Array.of(0x1f, 0x8b)],
  ["a 7z archive: unpack it first", Uint8Array.of(0x37, 0x7a, 0xbc, 0xaf)],
  ["a RAR archive: unpack it first", "Rar!"],
  ["a tar archive, as PyTorch wrote before version 0.2", "ustar", 257],
  ["a web page, not the file that it leads to", "<!DOCTYPE html"],
  ["a web page, not the file that it leads to", "<!doctype html"],
  ["a web page, not the file that it leads to", "<html"],
  ["a Python pickle that PyTorch did not write", Uint8Array.of(0x80, 2)],
  ["a Python pickle that PyTorch did not write", Uint8Array.of(0x80, 3)],
  ["a Python pickle that PyTorch did not write", Uint8Array.of(0x80, 4)],
  ["a Python pickle that PyTorch did not write", Uint8Array.of(0x80, 5)],
];

/** A complaint about a file in none of the formats that are read, with what it is where that can be told. */
export function foreignFile(source: ByteSource): FaceError {
  const known = KINDS.find(([, begins, at = 0]) => beginsWith(source, begins, at));
  const got = source.size === 0 ? "an empty file" : (known?.[0] ?? "another kind of file");
  return new FaceError("BAD_FILE", {
    where: `${source.name}: at offset 0`,
    expected: "PyTorch, safetensors, MXNet, ONNX or TFLite weights",
    got,
  });
}

function beginsWith(source: ByteSource, begins: string | Uint8Array, at: number): boolean {
  const wanted = typeof begins === "string" ? Buffer.from(begins, "latin1") : begins;
  return source.size >= at + wanted.length && Buffer.compare(source.read(at, wanted.length), wanted) === 0;
}
