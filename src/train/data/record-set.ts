import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ByteSource, openFileSource } from "../../checkpoints/index.ts";
import { FaceError, internal, readTextSync, reasonOf, systemCode } from "../../core/index.ts";
import { decodePicture } from "./decode-picture.ts";
import type { ExampleSet, PictureShape, Pictures } from "./example-set.ts";
import { expectLabels } from "./pixel-set.ts";
import { type ImageRecord, readImageRecord } from "./record-io.ts";

/** No picture of a training set comes near this; a record that claims more is damaged. */
const LARGEST_RECORD_BYTES = 64 * 1024 * 1024;
const INDEX_LINE = /^(\d{1,15})\t(\d{1,16})\r?$/;
/** Longest index that is read, in bytes: some 40 million records. */
const LARGEST_INDEX_BYTES = 1 << 30;

/** A RecordIO training set, open. */
export interface RecordSet extends ExampleSet {
  /** The picture file of an example, as it lies in the records. */
  file(index: number): Uint8Array<ArrayBuffer>;
}

/** Positions of the labels and pictures of `train.rec`. */
interface RecordTable {
  readonly offsets: Float64Array;
  readonly labels: Int32Array;
}

/**
 * Opens `train.rec` with `train.idx` beside it, as InsightFace distributes training sets: JPEG crops with a class
 * each. Record 0 says where the pictures end; `property` beside it says how many classes there are and their size.
 *
 * Throws    FaceError BAD_FILE: no index, records that are not where it says, a label that is no class
 */
export function openRecords(path: string): RecordSet {
  const source = openFileSource(path);
  try {
    const property = readProperty(path);
    const index = readIndex(indexPathOf(path), source.size);
    const { offsets, labels } = readTable(source, index);
    let highest = -1;
    for (const label of labels) highest = Math.max(highest, label);
    const classes = property?.classes ?? highest + 1;
    expectLabels(path, labels, classes);
    const shape = property?.shape ?? ([3, 112, 112] as const);
    const hash = createHash("sha256").update(Buffer.from(offsets.buffer)).update(Buffer.from(labels.buffer));
    return {
      source: { kind: "records", path, sizePx: shape[1] },
      labels,
      classes: Array.from({ length: classes }, (_, i) => String(i)),
      fingerprint: hash.digest("hex"),
      file: (i) => readImageRecord(source, offsets[i]!, LARGEST_RECORD_BYTES).content,
      ...picturesAt(source, offsets, shape),
    };
  } catch (thrown) {
    source.close();
    throw thrown;
  }
}

/** The pictures of a RecordIO file without checking every label again: a worker's side of {@link openRecords}. */
export function openRecordPictures(path: string, sizePx: number): Pictures {
  const source = openFileSource(path);
  const index = readIndex(indexPathOf(path), source.size);
  const keys = pictureKeys(source, index);
  return picturesAt(
    source,
    Float64Array.from(keys, (key) => index.get(key)!),
    [3, sizePx, sizePx],
  );
}

/** Tells whether a path's name is that of a RecordIO file. */
export function isRecordPath(path: string): boolean {
  return path.endsWith(".rec");
}

function picturesAt(source: ByteSource, offsets: Float64Array, shape: PictureShape): Pictures {
  return {
    shape,
    async pixels(i) {
      const at = offsets[i];
      if (at === undefined) throw internal(`no record ${i} in ${source.name}`);
      const { content } = readImageRecord(source, at, LARGEST_RECORD_BYTES);
      return await decodePicture(content, shape, `${source.name}: record at offset ${at}`);
    },
    close: () => source.close(),
  };
}

/** Labels of all pictures; a picture's own record is the only place where they are. */
function readTable(source: ByteSource, index: ReadonlyMap<number, number>): RecordTable {
  const keys = pictureKeys(source, index);
  if (keys.length === 0) {
    throw new FaceError("BAD_FILE", { where: source.name, expected: "records with pictures", got: "none" });
  }
  const offsets = new Float64Array(keys.length);
  const labels = new Float64Array(keys.length);
  const head = Buffer.alloc(40);
  const file = openSync(source.name, "r");
  try {
    for (const [i, key] of keys.entries()) {
      const at = index.get(key)!;
      offsets[i] = at;
      // The label of a picture is in the record's first 40 bytes; the picture stays on the disk.
      const plain = readSync(file, head, 0, head.length, at) === head.length && isPlain(head);
      const record = plain ? undefined : readImageRecord(source, at, LARGEST_RECORD_BYTES);
      labels[i] = record
        ? firstLabel(record)
        : head.readUInt32LE(8) === 0
          ? head.readFloatLE(12)
          : head.readFloatLE(32);
      expectLabel(source, key, labels[i]!);
    }
  } finally {
    closeSync(file);
  }
  return { offsets, labels: Int32Array.from(labels) };
}

/** A whole record with at most a hundred labels: the first one lies where it is expected. */
function isPlain(head: Buffer): boolean {
  const word = head.readUInt32LE(4);
  return (
    head.readUInt32LE(0) === 0xced7230a && word >>> 29 === 0 && word >= 32 && head.readUInt32LE(8) <= 100
  );
}

function firstLabel({ labels }: ImageRecord): number {
  return labels[0] ?? Number.NaN;
}

function expectLabel(source: ByteSource, key: number, label: number): void {
  if (Number.isInteger(label) && label >= 0 && label < 2 ** 24) return;
  throw new FaceError("BAD_FILE", {
    where: `${source.name}: record ${key}`,
    expected: `a class from 0 to ${2 ** 24 - 1} as label`,
    got: label,
  });
}

/** Keys of the records that hold pictures: all but record 0 and those it says describe people. */
function pictureKeys(source: ByteSource, index: ReadonlyMap<number, number>): number[] {
  const first = index.get(0);
  const keys = [...index.keys()].sort((a, b) => a - b);
  if (first === undefined) return keys;
  const { labels, content } = readImageRecord(source, first, LARGEST_RECORD_BYTES);
  if (content.length > 0 && labels.length === 1) return keys;
  const [end = Number.NaN] = labels;
  if (!Number.isInteger(end) || end < 1 || end > 2 ** 40) {
    throw new FaceError("BAD_FILE", {
      where: `${source.name}: record 0`,
      expected: "the number after the last picture's",
      got: end,
    });
  }
  return keys.filter((key) => key > 0 && key < end);
}

/** `train.idx`: a record's number and its offset on every line. */
function readIndex(path: string, size: number): Map<number, number> {
  let text: string;
  try {
    const bytes = readFileSync(path);
    if (bytes.length > LARGEST_INDEX_BYTES) throw new Error(`${bytes.length} bytes, too many`);
    text = bytes.toString("latin1");
  } catch (cause) {
    const got = systemCode(cause) === "ENOENT" ? "no such file" : reasonOf(cause);
    throw new FaceError("BAD_FILE", {
      where: path,
      expected: "the index of the records beside it",
      got,
      cause,
    });
  }
  const index = new Map<number, number>();
  for (const [i, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const [, key, offset] = INDEX_LINE.exec(line) ?? [];
    if (key === undefined || Number(offset) >= size) {
      throw new FaceError("BAD_FILE", {
        where: `${path}: line ${i + 1}`,
        expected: `a record's number and an offset below ${size}`,
        got: `"${line.slice(0, 40)}"`,
      });
    }
    index.set(Number(key), Number(offset));
  }
  return index;
}

function indexPathOf(path: string): string {
  return path.replace(/\.rec$/, ".idx");
}

/** `property` beside the records: classes, height and width with commas. Absent in some sets. */
function readProperty(path: string): { readonly classes: number; readonly shape: PictureShape } | undefined {
  const file = join(dirname(path), "property");
  let text: string;
  try {
    text = readTextSync(file).trim();
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw new FaceError("BAD_FILE", { where: file, expected: "a readable file", cause });
  }
  const [, classes, height, width] = /^(\d{1,8}),(\d{1,4}),(\d{1,4})$/.exec(text) ?? [];
  if (classes === undefined || height !== width || Number(classes) < 1 || Number(height) < 1) {
    throw new FaceError("BAD_FILE", {
      where: file,
      expected: "classes, height and the same width with commas",
      got: `"${text.slice(0, 40)}"`,
    });
  }
  return { classes: Number(classes), shape: [3, Number(height), Number(width)] };
}
