import { elementCount, FaceError, parseJson } from "../../core/index.ts";
import type { ByteSource } from "../byte-source.ts";
import { type Checkpoint, checkpointOf } from "../checkpoint.ts";
import { DTYPE_BYTES } from "../dtype.ts";
import { type NamedTensor, storedTensor } from "../named-tensor.ts";
import { unwrapNames } from "../wrapper-names.ts";
import { SAFETENSORS_DTYPES } from "./dtypes.ts";

const LENGTH_BYTES = 8;
/** Headers of networks a hundred times larger than a face's stay below this. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

/** Tells whether a file begins as a safetensors file does: a plausible header length, then a JSON object. */
export function isSafetensors(head: Uint8Array, size: number): boolean {
  if (head.length < LENGTH_BYTES + 1 || head[LENGTH_BYTES] !== 0x7b) return false;
  const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  return length <= BigInt(size - LENGTH_BYTES);
}

/**
 * Opens a safetensors file.
 *
 * Throws    FaceError BAD_FILE with the offset: a header that is not what the format says, data that overlaps, leaves gaps or reaches outside the file
 * Source    the format's description in the safetensors project's README
 */
export function readSafetensors(source: ByteSource): Checkpoint {
  const headerLength = readHeaderLength(source);
  const header = parseHeader(source, source.read(LENGTH_BYTES, headerLength));
  const dataAt = LENGTH_BYTES + headerLength;
  const { __metadata__: metadata, ...own } = header;
  const names = unwrapNames(Object.keys(own));
  const tensors = new Map<string, NamedTensor>();
  const unreadable = new Map<string, string>();
  const stretches: Stretch[] = [];
  for (const [longName, value] of Object.entries(own)) {
    const entry = parseEntry(source, longName, value);
    const name = names.own(longName);
    const length = entry.end - entry.begin;
    const inside = entry.begin <= entry.end && entry.end <= source.size - dataAt;
    const dtype = SAFETENSORS_DTYPES.get(entry.type);
    const count = elementCount(entry.shape);
    const wanted = dtype && count * DTYPE_BYTES[dtype];
    if (!inside || (wanted !== undefined && wanted !== length)) {
      throw bad(
        source,
        `"${longName}" of ${entry.type} [${entry.shape.join(", ")}] in ${wanted ?? length} bytes of the file`,
        `${entry.begin} to ${entry.end} of ${source.size - dataAt}`,
      );
    }
    if (dtype) {
      const layout = { storageOffset: dataAt + entry.begin, storageLength: count, start: 0 };
      tensors.set(name, storedTensor(source, name, dtype, entry.shape, layout));
    } else unreadable.set(name, `a tensor of ${entry.type}`);
    stretches.push({ name: longName, begin: entry.begin, end: entry.end });
  }
  expectSeamless(source, stretches, source.size - dataAt);
  return checkpointOf({
    format: "safetensors",
    tensors,
    prefix: names.prefix,
    wrappers: names.inner,
    unreadable,
    metadata: metadata === undefined ? {} : parseMetadata(source, metadata),
    close: () => source.close(),
  });
}

interface Stretch {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

function readHeaderLength(source: ByteSource): number {
  if (source.size < LENGTH_BYTES)
    throw bad(source, "a header's length in 8 bytes", `${source.size} bytes`, 0);
  const length = new DataView(source.read(0, LENGTH_BYTES).buffer).getBigUint64(0, true);
  const limit = Math.min(MAX_HEADER_BYTES, source.size - LENGTH_BYTES);
  if (length > BigInt(limit)) throw bad(source, `a header of at most ${limit} bytes`, String(length), 0);
  return Number(length);
}

function parseHeader(source: ByteSource, bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FaceError("BAD_FILE", {
      where: `${source.name}: safetensors: at offset ${LENGTH_BYTES}`,
      expected: "a header in JSON",
      got: "text that is not",
      cause,
    });
  }
  if (!isRecord(header)) throw bad(source, "a JSON object", "something else");
  return header;
}

function parseMetadata(source: ByteSource, value: unknown): Record<string, string> {
  if (!isRecord(value)) throw bad(source, "metadata to be an object", "something else");
  const entries = Object.entries(value).map(([key, text]) => {
    if (typeof text !== "string") throw bad(source, `metadata "${key}" to be text`, typeof text);
    return [key, text] as const;
  });
  return Object.fromEntries(entries);
}

function parseEntry(source: ByteSource, name: string, value: unknown) {
  if (!isRecord(value)) throw bad(source, `an object for "${name}"`, "something else");
  const type = value["dtype"];
  if (typeof type !== "string" || !/^[A-Z0-9_]{1,20}$/.test(type))
    throw bad(source, `an element type of "${name}"`, JSON.stringify(type)?.slice(0, 20) ?? "none");
  const shape = value["shape"];
  const offsets = value["data_offsets"];
  if (!isCounts(shape)) throw bad(source, `a shape of "${name}"`, "something else");
  if (!isCounts(offsets) || offsets.length !== 2)
    throw bad(source, `two offsets of "${name}"`, "something else");
  const [begin = 0, end = 0] = offsets;
  return { type, shape, begin, end };
}

/** The data must be covered from its first byte to the file's last, once. */
function expectSeamless(source: ByteSource, stretches: Stretch[], size: number): void {
  let at = 0;
  for (const { name, begin, end } of stretches.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) throw bad(source, `"${name}" to begin at ${at} of the data`, String(begin));
    at = end;
  }
  if (at !== size) throw bad(source, `${at} bytes of data`, String(size));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function bad(source: ByteSource, expected: string, got: string, offset = LENGTH_BYTES): FaceError {
  return new FaceError("BAD_FILE", {
    where: `${source.name}: safetensors: at offset ${offset}`,
    expected,
    got,
  });
}
