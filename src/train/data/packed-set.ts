import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type ByteSource, openFileSource } from "../../checkpoints/index.ts";
import { elementCount, FaceError, parseJson } from "../../core/index.ts";
import { decodePicture } from "./decode-picture.ts";
import type { ExampleSet } from "./example-set.ts";
import {
  DIGEST_BYTES,
  decodePackHeader,
  INDEX_ENTRY_BYTES,
  KEY_BYTES,
  PACK_HEADER_BYTES,
  type PackHeader,
  RECORD_HEADER_BYTES,
} from "./pack-format.ts";
import type { PackPlace } from "./pack-writer.ts";
import { expectLabels } from "./pixel-set.ts";

/** A pack of faces, open. */
export interface PackedSet extends ExampleSet {
  readonly header: PackHeader;
  /** Checksum and length of a picture, and the key of what it was made from, without its pixels. */
  record(index: number): { readonly key: string; readonly at: number; readonly length: number };
  /** A picture as it lies in the pack, held against its CRC-32. */
  payload(index: number): Uint8Array<ArrayBuffer>;
}

/**
 * Opens a file that `arcface data pack` wrote. The index is read and checked; pictures are read one at a time from
 * their place in the file, each held against its CRC-32.
 *
 * Throws    FaceError BAD_FILE for a file that is unfinished, damaged or reaches outside itself
 */
export function openPack(path: string): PackedSet {
  const source = openFileSource(path);
  try {
    return readPack(source);
  } catch (thrown) {
    source.close();
    throw thrown;
  }
}

function readPack(source: ByteSource): PackedSet {
  const { name } = source;
  const head = source.read(0, Math.min(PACK_HEADER_BYTES, source.size));
  const header = decodePackHeader(name, head);
  const { shape, encoding, classes, examples, indexAt, namesBytes } = header;
  const indexBytes = examples * INDEX_ENTRY_BYTES;
  const size = indexAt + indexBytes + namesBytes + DIGEST_BYTES;
  if (indexAt < PACK_HEADER_BYTES || size !== source.size) {
    const got = indexAt === 0 ? "one that was not finished" : `one whose parts need ${size}`;
    throw new FaceError("BAD_FILE", {
      where: `${name}: pack of faces`,
      expected: `a file of ${source.size} bytes`,
      got,
    });
  }
  const index = source.read(indexAt, indexBytes);
  const namesText = source.read(indexAt + indexBytes, namesBytes);
  const digest = createHash("sha256").update(head).update(index).update(namesText).digest("hex");
  const kept = Buffer.from(source.read(size - DIGEST_BYTES, DIGEST_BYTES)).toString("hex");
  if (digest !== kept) {
    throw new FaceError("BAD_FILE", {
      where: `${name}: pack of faces`,
      expected: `an index with sha256 ${kept}`,
      got: digest,
    });
  }
  const names = parseNames(name, namesText, classes);
  const entries = new DataView(index.buffer, index.byteOffset, index.byteLength);
  const labels = new Int32Array(examples);
  const place = (i: number): PackPlace => ({
    at: Number(entries.getBigUint64(i * INDEX_ENTRY_BYTES, true)),
    length: entries.getUint32(i * INDEX_ENTRY_BYTES + 8, true),
    crc: entries.getUint32(i * INDEX_ENTRY_BYTES + 16, true),
  });
  for (let i = 0; i < examples; i++) {
    labels[i] = entries.getUint32(i * INDEX_ENTRY_BYTES + 12, true);
    const { at, length } = place(i);
    if (at < PACK_HEADER_BYTES || at + RECORD_HEADER_BYTES + length > indexAt)
      throw new FaceError("BAD_FILE", {
        where: `${name}: example ${i}`,
        expected: `a place between ${PACK_HEADER_BYTES} and ${indexAt}`,
        got: `${length} bytes at ${at}`,
      });
    if (encoding === "raw" && length !== elementCount(shape))
      throw new FaceError("BAD_FILE", {
        where: `${name}: example ${i}`,
        expected: `${elementCount(shape)} bytes`,
        got: length,
      });
  }
  expectLabels(name, labels, classes);
  const read = (i: number): { payload: Uint8Array<ArrayBuffer>; at: number } => {
    const { at, length, crc } = place(i);
    const payload = source.read(at + RECORD_HEADER_BYTES, length);
    if (crc32(payload) !== crc)
      throw new FaceError("BAD_FILE", {
        where: `${name}: example ${i}: at offset ${at}`,
        expected: `CRC-32 ${crc}`,
        got: crc32(payload),
      });
    return { payload, at };
  };
  return {
    source: { kind: "pack", path: name },
    header,
    ...(header.alignment > 0 && { alignment: header.alignment }),
    shape,
    labels,
    classes: names,
    fingerprint: fingerprintOf(header, index, namesText),
    async pixels(i) {
      const { payload, at } = read(i);
      return encoding === "raw"
        ? payload
        : await decodePicture(payload, shape, `${name}: example ${i}: at offset ${at}`);
    },
    record(i) {
      const { at, length } = place(i);
      return { key: Buffer.from(source.read(at + 8, KEY_BYTES)).toString("hex"), at, length };
    },
    payload: (i) => read(i).payload,
    close: () => source.close(),
  };
}

/** A hash of pictures, labels and names, wherever in the file they lie: a pack made again is the same set. */
function fingerprintOf({ shape, encoding }: PackHeader, index: Uint8Array, names: Uint8Array): string {
  const hash = createHash("sha256").update(JSON.stringify([shape, encoding]));
  for (let at = 0; at < index.length; at += INDEX_ENTRY_BYTES)
    hash.update(index.subarray(at + 8, at + INDEX_ENTRY_BYTES));
  return hash.update(names).digest("hex");
}

function parseNames(file: string, bytes: Uint8Array, classes: number): string[] {
  let names: unknown;
  try {
    names = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FaceError("BAD_FILE", {
      where: `${file}: pack of faces`,
      expected: "names in JSON",
      got: "text that is not",
      cause,
    });
  }
  if (!Array.isArray(names) || names.length !== classes || !names.every((name) => typeof name === "string"))
    throw new FaceError("BAD_FILE", {
      where: `${file}: pack of faces`,
      expected: `${classes} names`,
      got: "something else",
    });
  return names as string[];
}
