import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import type { ReadonlyFloat32 } from "../../core/index.ts";
import type { Client } from "./connection.ts";

/** A value of a row, in PostgreSQL's binary form. */
export type Field = Buffer | null;

/** Rows are put into buffers of about this size. */
const CHUNK_BYTES = 1 << 20;

const HEADER = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);

/**
 * Adds rows to a table in PostgreSQL's binary COPY format.
 *
 * Source    postgresql.org, "COPY", section "Binary Format"
 */
export async function copyRows(
  client: Client,
  table: string,
  columns: readonly string[],
  rows: Iterable<readonly Field[]>,
): Promise<void> {
  const stream = client.query(copyFrom(`COPY ${table} (${columns.join(", ")}) FROM STDIN BINARY`));
  await pipeline(Readable.from(chunksOf(rows)), stream);
}

function* chunksOf(rows: Iterable<readonly Field[]>): Generator<Buffer> {
  let parts: Buffer[] = [HEADER];
  let bytes = HEADER.length;
  for (const row of rows) {
    const count = Buffer.alloc(2);
    count.writeInt16BE(row.length);
    parts.push(count);
    for (const field of row) {
      const length = Buffer.alloc(4);
      length.writeInt32BE(field === null ? -1 : field.length);
      parts.push(length);
      if (field) parts.push(field);
      bytes += 4 + (field?.length ?? 0);
    }
    if (bytes < CHUNK_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  parts.push(TRAILER);
  yield Buffer.concat(parts);
}

/** A whole number as bigint. */
export function bigintField(value: number): Buffer {
  const field = Buffer.alloc(8);
  field.writeBigInt64BE(BigInt(value));
  return field;
}

export function textField(value: string): Buffer {
  return Buffer.from(value, "utf8");
}

export function booleanField(value: boolean): Buffer {
  return Buffer.from([value ? 1 : 0]);
}

/** pgvector's `vector`: dimension, a zero, and big-endian float32. */
export function vectorField(vector: ReadonlyFloat32): Buffer {
  const field = Buffer.alloc(4 + 4 * vector.length);
  field.writeInt16BE(vector.length);
  for (let i = 0; i < vector.length; i++) field.writeFloatBE(vector[i]!, 4 + 4 * i);
  return field;
}

/** The bytes of `vector_send`, as floats. */
export function floatsOfField(field: Buffer): Float32Array {
  return Float32Array.from({ length: field.readInt16BE(0) }, (_, i) => field.readFloatBE(4 + 4 * i));
}

/** A vector as pgvector reads it from text. */
export function vectorText(vector: ReadonlyFloat32): string {
  return `[${Array.from(vector).join(",")}]`;
}
