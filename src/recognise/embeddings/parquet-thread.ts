import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { reasonOf, systemCode } from "../../core/index.ts";
import { expectBounded, expectSmallFooter } from "./parquet-limits.ts";
import type { ParquetRequest } from "./read-parquet.ts";

/*
 * The thread that reads a Parquet file and writes to standard output what was asked for, in lines of JSON: a note of its
 * metadata, or a list for each row; `true` at the end. See read-parquet.ts.
 */

/** Lines are written in parts of about so many characters. */
const PART = 2 ** 16;
/** The time that a full pipe is waited for before the next try, in milliseconds. */
const PIPE_FULL_MS = 1;

const nobody = new Int32Array(new SharedArrayBuffer(4));
let part = "";

function say(value: unknown): void {
  part += `${JSON.stringify(value)}\n`;
  if (part.length >= PART) flush();
}

/** Writes before it returns, so that a slow reader slows this thread and nothing is queued in memory. */
function flush(): void {
  const bytes = Buffer.from(part);
  part = "";
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(1, bytes, written);
    } catch (thrown) {
      if (systemCode(thrown) !== "EAGAIN") throw thrown;
      Atomics.wait(nobody, 0, 0, PIPE_FULL_MS);
    }
  }
}

/**
 * A row as JSON can say it: whole numbers of 64 bits as numbers or digits, lists of many numbers apart, as base64 of
 * float64 (digits would take most of the time), and without bytes that are no text.
 */
function sayRow(row: Record<string, unknown>): void {
  const values: Record<string, unknown> = {};
  const lists: Record<string, string> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value instanceof Uint8Array) continue;
    if (isManyNumbers(value)) lists[name] = Buffer.from(Float64Array.from(value).buffer).toString("base64");
    else values[name] = plainValue(value);
  }
  say([values, lists]);
}

function isManyNumbers(value: unknown): value is ArrayLike<number> {
  if (ArrayBuffer.isView(value)) return typeof (value as unknown as ArrayLike<unknown>)[0] === "number";
  return Array.isArray(value) && value.length > 8 && value.every((each) => typeof each === "number");
}

function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return typeof value[0] === "bigint" ? value.map(plainValue) : value;
  return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<unknown>, plainValue) : value;
}

const { path, key, limits } = workerData as ParquetRequest;
try {
  const file = await asyncBufferFromFile(path);
  await expectSmallFooter(file);
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  expectBounded(metadata, file.byteLength, limits);
  if (key !== null) say(metadata.key_value_metadata?.find((each) => each.key === key)?.value ?? null);
  let rowStart = 0;
  for (const group of key === null ? metadata.row_groups : []) {
    const rowEnd = rowStart + Number(group.num_rows);
    if (rowEnd === rowStart) continue;
    for (const row of await parquetReadObjects({ file, metadata, rowStart, rowEnd, geoparquet: false }))
      sayRow(row);
    rowStart = rowEnd;
    parentPort!.postMessage("another group");
  }
  say(true);
  flush();
} catch (cause) {
  parentPort!.postMessage({ refused: reasonOf(cause) });
}
