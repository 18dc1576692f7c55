import { open, rename, rm } from "node:fs/promises";
import { extname } from "node:path";
import { draftOf, expectNoDatabaseInUse, FaceError, readLines } from "../../core/index.ts";
import {
  decodeDescription,
  decodeRecord,
  encodeRecord,
  type FaceRecord,
  MAX_DIMENSION,
  placed,
  recordOf,
  unitVectorOf,
} from "./face-record.ts";
import { decodeHeader, encodeHeader, expectOnePipeline, type MadeBy } from "./header.ts";
import { parquetNote, parquetRows } from "./read-parquet.ts";

/** A file format for faces with their vectors. */
export interface EmbeddingsFormat {
  /** Throws FaceError BAD_FILE, MODEL_MISMATCH for a file put together of several pipelines' rows. */
  read(path: string): Promise<EmbeddingsFile>;
  /** Writes a file whole or not at all. */
  write(path: string, made: MadeBy, records: AsyncIterable<FaceRecord>): Promise<void>;
}

/** A file of faces with their vectors, opened. */
export interface EmbeddingsFile {
  readonly pipeline: MadeBy;
  /** In the order of the file. */
  readonly records: AsyncGenerator<FaceRecord>;
}

/** The format that a file name asks for. Throws FaceError USAGE. */
export function formatOf(path: string): EmbeddingsFormat {
  expectNoDatabaseInUse(path, "a file of faces");
  const extension = extname(path).toLowerCase();
  if (extension === ".jsonl") return JSONL;
  if (extension === ".npy") return NPY;
  if (extension === ".parquet") return PARQUET;
  throw new FaceError("USAGE", {
    where: path,
    expected: "a file ending in .jsonl, .npy or .parquet",
    got: `"${extension}"`,
  });
}

/**
 * Writes faces to a file by its ending, whole or not at all: `.jsonl`, `.npy` with `.names.jsonl` beside it, `.parquet`.
 *
 * Throws    FaceError USAGE for another ending, STORAGE
 */
export async function writeEmbeddings(
  path: string,
  made: MadeBy,
  records: AsyncIterable<FaceRecord>,
): Promise<void> {
  await formatOf(path).write(path, made, records);
}

/** One JSON object a line. */
export const JSONL: EmbeddingsFormat = {
  async read(path) {
    const pipeline = await pipelineOfLines(path);
    const records = async function* (): AsyncGenerator<FaceRecord> {
      for await (const { line, where } of rowsOf(path, pipeline)) yield decodeRecord(line, where);
    };
    return { pipeline, records: records() };
  },
  async write(path, made, records) {
    await writeWhole([path], async ([temporary]) => {
      await using file = await open(temporary!, "w");
      await file.appendFile(`${encodeHeader(made)}\n`);
      for await (const record of records) await file.appendFile(`${encodeRecord(record)}\n`);
      await file.sync();
    });
  },
};

/** The first line's statements about a file of rows. Throws FaceError BAD_FILE. */
async function pipelineOfLines(path: string): Promise<MadeBy> {
  for await (const line of readLines(path))
    if (line !== "") return decodeHeader(line, `${path}: line 1`)?.pipeline ?? null;
  return null;
}

/** A header has this key first, a row never; a look at the start spares reading every row twice. */
const HEADER_START = /^\s*\{\s*"format"/;

/** The rows of a file of lines, without headers; one that follows rows has to be of the same pipeline. */
async function* rowsOf(
  path: string,
  pipeline: MadeBy,
): AsyncGenerator<{ readonly line: string; readonly where: string }> {
  let number = 0;
  for await (const line of readLines(path)) {
    const where = `${path}: line ${++number}`;
    if (line === "") continue;
    const header = HEADER_START.test(line) ? decodeHeader(line, where) : undefined;
    if (header) expectOnePipeline(where, pipeline, header.pipeline);
    else yield { line, where };
  }
}

const NPY_MAGIC = Buffer.from("\x93NUMPY\x01\x00", "latin1");
/** The header is this long whatever the number of rows, so that it can be written last. */
const NPY_HEADER_BYTES = 128;

/** File that describes the rows of an .npy file: one JSON object a row. */
export function namesPathOf(path: string): string {
  return `${path.slice(0, -4)}.names.jsonl`;
}

/**
 * A float32 matrix [N, D] as NumPy reads it, and beside it a file that says what each row is.
 *
 * Source    numpy.org, "NPY format", version 1.0
 */
export const NPY: EmbeddingsFormat = {
  async read(path) {
    const pipeline = await pipelineOfLines(namesPathOf(path));
    return { pipeline, records: npyRecords(path, pipeline) };
  },
  async write(path, made, records) {
    await writeWhole([path, namesPathOf(path)], async ([matrixPath, namesPath]) => {
      await using matrix = await open(matrixPath!, "w");
      await using names = await open(namesPath!, "w");
      let rows = 0;
      let dimension = 0;
      await matrix.write(Buffer.alloc(NPY_HEADER_BYTES), 0, NPY_HEADER_BYTES, 0);
      await names.write(`${encodeHeader(made)}\n`);
      for await (const { embedding, ...description } of records) {
        dimension = embedding.length;
        await matrix.write(
          Buffer.from(Float32Array.from(embedding).buffer),
          0,
          dimension * 4,
          NPY_HEADER_BYTES + rows * dimension * 4,
        );
        await names.write(`${JSON.stringify(description)}\n`);
        rows++;
      }
      const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dimension}), }`;
      const header = Buffer.alloc(NPY_HEADER_BYTES, " ");
      NPY_MAGIC.copy(header);
      header.writeUInt16LE(NPY_HEADER_BYTES - 10, 8);
      header.write(text, 10, "latin1");
      header.write("\n", NPY_HEADER_BYTES - 1, "latin1");
      await matrix.write(header, 0, NPY_HEADER_BYTES, 0);
      await matrix.sync();
      await names.sync();
    });
  },
};

async function* npyRecords(path: string, pipeline: MadeBy): AsyncGenerator<FaceRecord> {
  await using matrix = await open(path);
  const { size } = await matrix.stat();
  const start = Buffer.alloc(10);
  await matrix.read(start, 0, 10, 0);
  const text = Buffer.alloc(start.subarray(0, 8).equals(NPY_MAGIC) ? start.readUInt16LE(8) : 0);
  await matrix.read(text, 0, text.length, 10);
  const header = text.toString("latin1");
  const shape = /'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\)/.exec(header);
  const first = 10 + text.length;
  const dimension = Number(shape?.[2]);
  const rows = Number(shape?.[1]);
  if (!shape || size - first !== rows * dimension * 4 || dimension > MAX_DIMENSION) {
    throw new FaceError("BAD_FILE", {
      where: path,
      expected: "a float32 matrix in NPY format 1.0",
      got: "another file",
    });
  }
  const row = Buffer.alloc(dimension * 4);
  let read = 0;
  for await (const { line, where } of rowsOf(namesPathOf(path), pipeline)) {
    if (read === rows)
      throw new FaceError("BAD_FILE", { where: namesPathOf(path), expected: `${rows} lines`, got: "more" });
    await matrix.read(row, 0, row.length, first + read * row.length);
    read++;
    const values = new Float32Array(Uint8Array.from(row).buffer);
    yield placed({ ...decodeDescription(line, where), embedding: unitVectorOf(values, where) }, where);
  }
}

/** Rows in one row group: bounds memory while writing. */
const ROW_GROUP = 4096;

/** Key of the header in a Parquet file's metadata. */
const PARQUET_KEY = "arcface";

/** A row of a Parquet file as a record. Throws FaceError BAD_FILE. */
function recordOfRow({ box, landmarks, ...rest }: Record<string, unknown>, where: string): FaceRecord {
  if (!Array.isArray(box) || !Array.isArray(landmarks))
    throw new FaceError("BAD_FILE", { where, expected: "a face's record", got: "another row" });
  const [x, y, width, height] = box as number[];
  const points = landmarks as number[];
  const pairs = Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1]]);
  return recordOf({ ...rest, box: { x, y, width, height }, landmarks: pairs }, where);
}

/** Apache Parquet: one row a face, the vector a list of floats; the header is metadata of the file. */
export const PARQUET: EmbeddingsFormat = {
  async read(path) {
    const header = await parquetNote(path, PARQUET_KEY);
    const pipeline = header === null ? null : (decodeHeader(header, path)?.pipeline ?? null);
    const records = async function* (): AsyncGenerator<FaceRecord> {
      let index = 0;
      for await (const row of parquetRows(path)) yield recordOfRow(row, `${path}: row ${index++}`);
    };
    return { pipeline, records: records() };
  },
  async write(path, made, records) {
    const { fileWriter, ParquetWriter } = await import("hyparquet-writer");
    await writeWhole([path], async ([temporary]) => {
      const list = (name: string, type: "FLOAT" | "DOUBLE") => [
        { name, converted_type: "LIST" as const, repetition_type: "REQUIRED" as const, num_children: 1 },
        { name: "list", repetition_type: "REPEATED" as const, num_children: 1 },
        { name: "element", type, repetition_type: "REQUIRED" as const },
      ];
      const text = (name: string) => ({
        name,
        type: "BYTE_ARRAY" as const,
        converted_type: "UTF8" as const,
        repetition_type: "REQUIRED" as const,
      });
      const note = (name: string) => ({ ...text(name), repetition_type: "OPTIONAL" as const });
      let writer: InstanceType<typeof ParquetWriter> | undefined;
      const begin = (people: boolean) =>
        new ParquetWriter({
          writer: fileWriter(temporary!),
          createdBy: "arcface",
          statistics: false,
          kvMetadata: [{ key: PARQUET_KEY, value: encodeHeader(made) }],
          schema: [
            { name: "root", num_children: people ? 12 : 10 },
            text("path"),
            { name: "face", type: "INT32", repetition_type: "REQUIRED" },
            ...list("box", "DOUBLE"),
            { name: "score", type: "DOUBLE", repetition_type: "REQUIRED" },
            ...list("landmarks", "DOUBLE"),
            text("model"),
            ...list("embedding", "FLOAT"),
            { name: "bytes", type: "INT64", repetition_type: "OPTIONAL" },
            note("modified"),
            note("sha256"),
            ...(people ? ["person", "expires"].map(note) : []),
          ],
        });
      let people = false;
      for await (const group of inGroups(records, ROW_GROUP)) {
        if (!writer) {
          people = group[0]?.person !== undefined;
          writer = begin(people);
        }
        await writer.write({
          rowGroupSize: ROW_GROUP,
          columnData: [
            { name: "path", data: group.map((r) => r.path) },
            { name: "face", data: group.map((r) => r.face) },
            { name: "box", data: group.map((r) => [r.box.x, r.box.y, r.box.width, r.box.height]) },
            { name: "score", data: group.map((r) => r.score) },
            { name: "landmarks", data: group.map((r) => r.landmarks.flat()) },
            { name: "model", data: group.map((r) => r.model) },
            { name: "embedding", data: group.map((r) => Array.from(r.embedding)) },
            { name: "bytes", data: group.map((r) => (typeof r.bytes === "number" ? BigInt(r.bytes) : null)) },
            { name: "modified", data: group.map((r) => r.modified ?? null) },
            { name: "sha256", data: group.map((r) => r.sha256 ?? null) },
            ...(people
              ? [
                  { name: "person", data: group.map((r) => r.person ?? null) },
                  { name: "expires", data: group.map((r) => r.expires ?? null) },
                ]
              : []),
          ],
        });
      }
      writer ??= begin(false);
      await writer.finish();
    });
  },
};

/** Writes to names of their own and renames when all is there; on failure nothing is left. */
async function writeWhole(
  paths: readonly string[],
  write: (temporary: readonly string[]) => Promise<void>,
): Promise<void> {
  const temporary = paths.map(draftOf);
  try {
    await write(temporary);
    for (const [i, path] of paths.entries()) await rename(temporary[i]!, path);
  } catch (cause) {
    await Promise.all(temporary.map((path) => rm(path, { force: true })));
    throw cause instanceof FaceError
      ? cause
      : new FaceError("STORAGE", { where: paths[0]!, expected: "to be written", cause });
  }
}

async function* inGroups<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length === size) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}
