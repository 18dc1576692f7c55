import { FaceError } from "../../core/index.ts";
import { ByteCursor } from "../byte-cursor.ts";
import type { ByteSource } from "../byte-source.ts";
import { unpickle } from "../pickle/index.ts";
import { readZip, type ZipEntry } from "../zip/index.ts";
import type { TorchContents } from "./assemble.ts";
import { TorchWorld } from "./torch-world.ts";

/** Whether a file begins as a zip archive does. */
export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
}

/**
 * Opens PyTorch's zip container: `NAME/data.pkl` describes the object, `NAME/data/KEY` is a storage.
 *
 * Throws    FaceError BAD_FILE with the offset; also for programs (TorchScript), whose tensors are not named by a
 *           state dictionary, and for files of big-endian machines
 * Source    PyTorch's torch/serialization.py, `_save`
 */
export function readTorchZip(source: ByteSource): TorchContents {
  const entries = readZip(source);
  const pickle = findPickle(source, entries);
  const folder = pickle.name.slice(0, -"data.pkl".length);
  if (entries.has(`${folder}constants.pkl`)) {
    throw new FaceError(
      "BAD_FILE",
      `${source.name}: at offset ${pickle.offset}: expected saved tensors, got a TorchScript program: save its state_dict()`,
    );
  }
  expectLittleEndian(source, entries.get(`${folder}byteorder`));
  const cursor = new ByteCursor(source, source.name, pickle.offset, pickle.offset + pickle.size);
  const root = unpickle(cursor, new TorchWorld());
  return {
    format: "pytorch-zip",
    root,
    pickle: { offset: pickle.offset, bytes: pickle.size },
    storage(key) {
      const entry = entries.get(`${folder}data/${key}`);
      if (entry) return { offset: entry.offset, bytes: entry.size };
      throw new FaceError(
        "BAD_FILE",
        `${source.name}: at offset ${pickle.offset}: expected "${folder}data/${key}" in the archive, got no such entry`,
      );
    },
  };
}

function findPickle(source: ByteSource, entries: ReadonlyMap<string, ZipEntry>): ZipEntry {
  const [pickle, ...more] = [...entries.values()].filter((entry) =>
    /^(?:[^/]*\/)?data\.pkl$/.test(entry.name),
  );
  if (pickle && more.length === 0) return pickle;
  throw new FaceError(
    "BAD_FILE",
    `${source.name}: at offset ${source.size}: expected an archive with one data.pkl, got ${pickle ? more.length + 1 : "none"} among ${entries.size} files`,
  );
}

function expectLittleEndian(source: ByteSource, entry: ZipEntry | undefined): void {
  if (!entry) return;
  const order = new TextDecoder().decode(source.read(entry.offset, Math.min(entry.size, 16))).trim();
  if (order === "little") return;
  throw new FaceError(
    "BAD_FILE",
    `${source.name}: at offset ${entry.offset}: expected the byte order "little", got ${JSON.stringify(order)}`,
  );
}
