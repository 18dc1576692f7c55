import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileMetaData, parquetMetadata } from "hyparquet";
import { ByteWriter, type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import { serializeTCompactProtocol } from "hyparquet-writer/src/thrift.js";
import { beforeAll, describe, expect, test } from "vitest";
import { PARQUET_LIMITS, type ParquetLimits } from "./parquet-limits.ts";
import { parquetNote, parquetRows } from "./read-parquet.ts";
import { readVectors } from "./read-vectors.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "arcface-parquet-"));
});
let made = 0;

async function file(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `${made++}.parquet`);
  await writeFile(path, bytes);
  return path;
}

function written(columnData: ColumnSource[], options: object = {}): Buffer {
  return Buffer.from(parquetWriteBuffer({ columnData, statistics: false, ...options }));
}

/** The same file with another description of itself. */
function claiming(bytes: Buffer, change: (metadata: FileMetaData) => void, other?: Buffer): Buffer {
  const metadata = parquetMetadata(bytes, { geoparquet: false });
  change(metadata);
  const writer = new ByteWriter();
  writeMetadata(writer, metadata);
  const described = Buffer.from(writer.getBytes());
  const data = other ?? bytes.subarray(0, bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8));
  const length = Buffer.alloc(4);
  // The length that the writer puts behind the description is replaced, whatever it is.
  const footer = described.subarray(0, described.length - 4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([data, footer, length, Buffer.from("PAR1")]);
}

async function all(path: string, limits: Partial<ParquetLimits> = {}): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const row of parquetRows(path, { ...PARQUET_LIMITS, ...limits })) rows.push(row);
  return rows;
}

/** Two columns of ten rows. */
const small = (): Buffer =>
  written([
    { name: "n", data: Array.from({ length: 10 }, (_, i) => i), type: "INT32" },
    { name: "text", data: Array.from({ length: 10 }, (_, i) => `row ${i}`), type: "STRING" },
  ]);

describe("a Parquet file", () => {
  test("is read whole, in the order of its row groups, with whole numbers of 64 bits", async () => {
    const many = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? i / 7 : -i));
    const bytes = written(
      [
        { name: "big", data: [1n, 2n ** 60n, null], type: "INT64", nullable: true },
        { name: "list", data: [[1.5, -2], [], [1e-45]] },
        { name: "many", data: [many, many, many] },
        { name: "day", data: [new Date(0), new Date(1000), new Date(2000)], type: "TIMESTAMP" },
      ],
      { rowGroupSize: 2, kvMetadata: [{ key: "arcface", value: "a note" }] },
    );
    const path = await file(bytes);
    expect(await all(path)).toEqual([
      { big: 1, list: [1.5, -2], many, day: "1970-01-01T00:00:00.000Z" },
      { big: String(2n ** 60n), list: [], many, day: "1970-01-01T00:00:01.000Z" },
      { big: null, list: [1e-45], many, day: "1970-01-01T00:00:02.000Z" },
    ]);
    expect([await parquetNote(path, "arcface"), await parquetNote(path, "other")]).toEqual(["a note", null]);
  });

  test("that is not read to its end keeps nobody waiting", async () => {
    for await (const row of parquetRows(await file(small()))) {
      expect(row).toEqual({ n: 0, text: "row 0" });
      break;
    }
  });

  test.each<[string, RegExp, (metadata: FileMetaData) => void]>([
    [
      "rows that no group has",
      /got: 1000000000000 rows, and 10 in its row groups$/,
      (m) => (m.num_rows = 10n ** 12n),
    ],
    [
      "a group of more rows than values",
      /got: row group 0 of 1000000000000 rows with 10 values$/,
      (m) => {
        m.num_rows = 10n ** 12n;
        m.row_groups[0]!.num_rows = 10n ** 12n;
      },
    ],
    [
      "a group of more values than are read at once",
      /got: row group 0 of 1,000,000,010 values, where at most 67,108,864 are read; write it in smaller row groups$/,
      (m) => (m.row_groups[0]!.columns[0]!.meta_data!.num_values = 10n ** 9n),
    ],
    [
      "one group many times over",
      /got: columns of \d+ bytes in a file of \d+$/,
      (m) => {
        m.row_groups = Array.from({ length: 1000 }, () => m.row_groups[0]!);
        m.num_rows = 10_000n;
      },
    ],
    [
      "more values than bytes can stand for",
      /got: 60,000,010 values in a file of \d+ bytes$/,
      (m) => (m.row_groups[0]!.columns[0]!.meta_data!.num_values = 60_000_000n),
    ],
    [
      "a count below nothing",
      /got: row group 0 with a count of -1$/,
      (m) => (m.row_groups[0]!.columns[0]!.meta_data!.num_values = -1n),
    ],
  ])("that claims %s is refused", async (_, sentence, change) => {
    const path = await file(claiming(small(), change));
    await expect(all(path)).rejects.toMatchObject({
      code: "BAD_FILE",
      message: expect.stringMatching(sentence),
    });
    await expect(readVectors(path)).rejects.toMatchObject({ code: "BAD_FILE" });
  });

  test("whose few bytes stand for values without end is refused before they take the memory", async () => {
    const base = written([{ name: "a", data: [null, null, null], type: "INT32", nullable: true }], {
      codec: "UNCOMPRESSED",
    });
    // One run of 2²⁹ times level 0, in a page of three values.
    const page = Buffer.from([6, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x04, 0x00]);
    const header = new ByteWriter();
    const data_page_header = { field_1: 3, field_2: 0, field_3: 3, field_4: 3 };
    serializeTCompactProtocol(header, {
      field_1: 0,
      field_2: page.length,
      field_3: page.length,
      field_5: data_page_header,
    });
    const data = Buffer.concat([Buffer.from("PAR1"), Buffer.from(header.getBytes()), page]);
    const bytes = claiming(
      base,
      ({ row_groups: [group] }) => {
        const column = group!.columns[0]!.meta_data!;
        column.data_page_offset = 4n;
        column.total_compressed_size = BigInt(data.length - 4);
        column.total_uncompressed_size = BigInt(data.length - 4);
      },
      data,
    );
    expect(bytes.length).toBeLessThan(300);
    await expect(all(await file(bytes), { bytes: 2 ** 28 })).rejects.toThrow(
      // Where the engine has no room for the next array it ends the process before that is looked at.
      /got: one that (takes more than 0.3 GiB of memory to read|ended the process that read it .*)$/,
    );
  });

  test("with a text that is longer than any line is refused, however small it was compressed", async () => {
    const bytes = written([{ name: "a", data: ["a".repeat(2 ** 25)], type: "STRING" }]);
    expect(bytes.length).toBeLessThan(2 ** 22);
    await expect(all(await file(bytes))).rejects.toThrow(
      /row 0: expected at most 16,777,216 bytes, got more$/,
    );
  });

  test("that takes too long is refused", async () => {
    await expect(all(await file(small()), { seconds: 0.001 })).rejects.toThrow(
      /got: a row group that takes more than 0.001 s to read$/,
    );
  });

  test("with a description of more than 16 MiB, that is cut off, or another file is refused", async () => {
    const long = small();
    long.writeUInt32LE(2 ** 31, long.length - 8);
    const cut = (await readFile(await file(small()))).subarray(0, 60);
    for (const [bytes, sentence] of [
      [long, /got: a description of 2,147,483,648 bytes$/],
      [cut, /expected a Parquet file, got: /],
      [Buffer.from("PAR1"), /got: a file that is too short$/],
    ] as const)
      await expect(all(await file(bytes))).rejects.toMatchObject({
        code: "BAD_FILE",
        message: expect.stringMatching(sentence),
      });
  });
});
