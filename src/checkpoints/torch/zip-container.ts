import { FaceError } from "../../core/index.ts";
import { ByteCursor } from "../byte-cursor.ts";
import type { ByteSource } from "../byte-source.ts";
import { unpickle } from "../pickle/index.ts";
import { readZip, ZipEntries, type ZipEntry } from "../zip/index.ts";
import type { StoragePlace, TorchContents } from "./assemble.ts";
import { TorchWorld } from "./torch-world.ts";

/** Descriptions of the largest networks with their optimisers stay far below both. */
const LARGEST_PICKLE = 2 ** 28;
/** A kilobyte can unpack to a megabyte of it, which takes a tenth of a second to read. */
const LARGEST_UNPACKED_PICKLE = 2 ** 24;

/** Tells whether a file begins as a zip archive does. */
export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
}

/**
 * Opens PyTorch's zip container: `NAME/data.pkl` describes the object, `NAME/data/KEY` is a storage.
 *
 * A TorchScript program lies in the same container; its weights are read, its code is not looked at.
 *
 * Throws    FaceError BAD_FILE with the offset; also for files of big-endian machines
 * Source    PyTorch's torch/serialization.py, `_save`; torch/csrc/jit/serialization/export_module.cpp
 */
export function readTorchZip(source: ByteSource): TorchContents {
  const entries = readZip(source);
  const contents = new ZipEntries(source);
  const pickle = findPickle(source, entries);
  const folder = pickle.name.slice(0, -"data.pkl".length);
  const order = entries.get(`${folder}byteorder`);
  if (order) expectLittleEndian(contents.stretch(order));
  const isProgram = entries.has(`${folder}constants.pkl`);
  const limit = pickle.packed === undefined ? LARGEST_PICKLE : LARGEST_UNPACKED_PICKLE;
  if (pickle.size > limit)
    throw bad(source, pickle.offset, `"${pickle.name}" of at most ${limit} bytes`, `${pickle.size}`);
  const place = contents.stretch(pickle);
  const cursor = new ByteCursor(place.source, place.source.name, place.offset, place.offset + place.bytes);
  const root = unpickle(cursor, new TorchWorld());
  return {
    format: isProgram ? "torchscript" : "pytorch-zip",
    ...(isProgram ? { nameless: "a frozen TorchScript program, whose weights have no names" } : {}),
    root,
    pickle: { offset: place.offset, bytes: place.bytes },
    storage(key) {
      const entry = entries.get(`${folder}data/${key}`);
      if (entry) return contents.stretch(entry);
      throw bad(source, pickle.offset, `"${folder}data/${key}" in the archive`, "no such entry");
    },
    close: () => contents.close(),
  };
}

/** The description of what was saved: the outermost `data.pkl`, wherever an archive that was packed anew has it. */
function findPickle(source: ByteSource, entries: ReadonlyMap<string, ZipEntry>): ZipEntry {
  const depth = (entry: ZipEntry): number => entry.name.split("/").length;
  const all = [...entries.values()].filter(({ name }) => /(?:^|\/)data\.pkl$/.test(name));
  const outermost = Math.min(...all.map(depth));
  const [pickle, ...more] = all.filter((entry) => depth(entry) === outermost);
  if (pickle && more.length === 0) return pickle;
  const got = pickle ? more.length + 1 : `none among ${entries.size} files`;
  throw bad(source, source.size, "an archive with one data.pkl", `${got}`);
}

function expectLittleEndian({ source, offset, bytes }: StoragePlace): void {
  const order = new TextDecoder().decode(source.read(offset, Math.min(bytes, 16))).trim();
  if (order !== "little") throw bad(source, offset, 'the byte order "little"', JSON.stringify(order));
}

function bad(source: ByteSource, offset: number, expected: string, got: string): FaceError {
  return new FaceError("BAD_FILE", { where: `${source.name}: at offset ${offset}`, expected, got });
}
