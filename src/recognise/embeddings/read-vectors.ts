import { readFile, stat } from "node:fs/promises";
import { basename, dirname, extname } from "node:path";
import {
  expectNoDatabaseInUse,
  FaceError,
  float32Rows,
  noteOnMissingPath,
  parseJson,
  readLines,
  readText,
} from "../../core/index.ts";
import { namesPathOf } from "./formats.ts";
import { decodeHeader, expectOnePipeline, isHeader, type MadeBy } from "./header.ts";
import { parquetRows } from "./read-parquet.ts";

/** Vectors of any kind, not only of faces, with what is known of each. */
export interface LabelledVectors {
  readonly count: number;
  readonly dimension: number;
  /** Shapes    [count × dimension]; moved to their mean where float32 cannot hold the file's numbers */
  readonly data: Float32Array;
  /** The subject of each vector; absent where the file does not say. */
  readonly labels: readonly string[] | undefined;
  /** Source of each vector, such as a path; absent where the file does not say. */
  readonly names: readonly string[] | undefined;
}

/** The fields of a row, and their meaning. */
export interface ReadVectorsOptions {
  /** @default "embedding" or "vector", whichever is there */
  readonly vectorField?: string | undefined;
  /** @default "label" or "person" where there is one, else the folder of "path" */
  readonly labelField?: string | undefined;
  /** A text file with a label a line, in place of what the file says. */
  readonly labelsPath?: string | undefined;
}

/** Of a file with a label a line. */
const MAX_LABELS_BYTES = 2 ** 26;

const VECTOR_FIELDS = ["embedding", "vector"];
const LABEL_FIELDS = ["label", "person"];

/**
 * Vectors out of an .npy matrix (float32 or float64, with `NAME.names.jsonl` beside it or not), a .jsonl or a .parquet
 * file with a list of numbers in each row.
 *
 * Throws    FaceError USAGE for another ending or a field that is not there, BAD_FILE
 */
export async function readVectors(path: string, options: ReadVectorsOptions = {}): Promise<LabelledVectors> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    const isFolder = found?.isDirectory() ?? false;
    throw new FaceError("BAD_FILE", {
      where: path,
      expected: "a file of vectors",
      got: isFolder ? "a folder" : "nothing there",
      note: isFolder
        ? '"arcface embed" writes the vectors of its photographs to a file'
        : noteOnMissingPath(path),
    });
  }
  expectNoDatabaseInUse(path, "a file of vectors");
  const extension = extname(path).toLowerCase();
  let vectors: LabelledVectors;
  if (extension === ".npy") vectors = await fromNpy(path, options);
  else if (extension === ".jsonl") vectors = await fromRows(path, jsonLines(path), options);
  else if (extension === ".parquet") vectors = await fromRows(path, placedRows(path), options);
  else {
    throw new FaceError("USAGE", {
      where: path,
      expected: "a file ending in .npy, .jsonl or .parquet",
      got: `"${extension}"`,
    });
  }
  const { labelsPath } = options;
  if (labelsPath === undefined) return vectors;
  const text = await readText(labelsPath, MAX_LABELS_BYTES).catch((cause: unknown) => {
    throw new FaceError("BAD_FILE", { where: labelsPath, expected: "a file of labels", cause });
  });
  const labels = text.replace(/\r?\n$/, "").split(/\r?\n/);
  if (labels.length !== vectors.count) {
    throw new FaceError("BAD_FILE", {
      where: labelsPath,
      expected: `${vectors.count} labels, one a line`,
      got: labels.length,
    });
  }
  return { ...vectors, labels };
}

type Row = Readonly<Record<string, unknown>>;

/** A row and where it stands: the file with its line, or with its row counted from 0 where it has no lines. */
interface PlacedRow {
  readonly row: Row;
  readonly where: string;
}

/** Rows of a file of lines; headers of files of embeddings have to be of one pipeline, and are none. */
async function* jsonLines(path: string): AsyncGenerator<PlacedRow> {
  let number = 0;
  let pipeline: MadeBy = null;
  for await (const line of readLines(path)) {
    const where = `${path}: line ${++number}`;
    if (line.trim() === "") continue;
    let row: unknown;
    try {
      row = parseJson(line);
    } catch (cause) {
      throw new FaceError("BAD_FILE", { where, expected: "JSON", cause });
    }
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw new FaceError("BAD_FILE", { where, expected: "an object", got: "another value" });
    }
    const header = isHeader(row) ? decodeHeader(line, where) : undefined;
    if (!header) yield { row: row as Row, where };
    else if (number === 1) pipeline = header.pipeline;
    else expectOnePipeline(where, pipeline, header.pipeline);
  }
}

async function* placedRows(path: string): AsyncGenerator<PlacedRow> {
  let index = 0;
  for await (const row of parquetRows(path)) yield { row, where: `${path}: row ${index++}` };
}

async function fromRows(
  path: string,
  rows: AsyncIterable<PlacedRow>,
  { vectorField, labelField }: ReadVectorsOptions,
): Promise<LabelledVectors> {
  const chunks: Float64Array[] = [];
  const kept: Row[] = [];
  let field: string | undefined;
  for await (const { row, where } of rows) {
    field ??= vectorField ?? VECTOR_FIELDS.find((name) => name in row);
    const values = field === undefined ? undefined : row[field];
    if (field === undefined || values === undefined) {
      throw new FaceError("USAGE", {
        where,
        expected: `a field "${field ?? VECTOR_FIELDS.join('" or "')}" with the vector`,
        got: Object.keys(row).join(", "),
      });
    }
    chunks.push(vectorOf(where, values, chunks[0]?.length));
    const { [field]: _, ...rest } = row;
    kept.push(rest);
  }
  if (chunks.length === 0)
    throw new FaceError("BAD_FILE", { where: path, expected: "vectors", got: "an empty file" });
  const dimension = chunks[0]!.length;
  const data = singles(path, chunks, dimension);
  return { count: chunks.length, dimension, data, ...describe(path, kept, labelField) };
}

/** Rows as float32. Throws FaceError BAD_FILE for numbers too large for it. */
function singles(path: string, rows: readonly Float64Array[], dimension: number): Float32Array {
  const data = float32Rows(rows, dimension);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return data;
  throw new FaceError("BAD_FILE", {
    where: path,
    expected: "numbers that float32 can hold",
    got: `a larger one in row ${Math.floor(bad / dimension)}`,
  });
}

function vectorOf(where: string, values: unknown, dimension: number | undefined): Float64Array {
  const list =
    Array.isArray(values) || ArrayBuffer.isView(values) ? Array.from(values as ArrayLike<unknown>) : [];
  if (list.length === 0 || !list.every((value) => typeof value === "number" && Number.isFinite(value))) {
    const bad = list.findIndex((value) => typeof value !== "number" || !Number.isFinite(value));
    const got =
      list.length === 0 ? "something else" : `${JSON.stringify(list[bad]) ?? "nothing"} at place ${bad}`;
    throw new FaceError("BAD_FILE", { where, expected: "a list of finite numbers", got });
  }
  if (dimension !== undefined && list.length !== dimension) {
    throw new FaceError("BAD_FILE", { where, expected: `${dimension} numbers`, got: list.length });
  }
  return Float64Array.from(list as number[]);
}

/** The rows' statements about themselves. */
function describe(
  path: string,
  rows: readonly Row[],
  labelField: string | undefined,
): Pick<LabelledVectors, "labels" | "names"> {
  const field = labelField ?? LABEL_FIELDS.find((name) => rows.every((row) => name in row));
  if (labelField !== undefined && !rows.every((row) => labelField in row)) {
    throw new FaceError("USAGE", {
      where: path,
      expected: `a field "${labelField}" in every row`,
      got: "rows without it",
    });
  }
  const names = rows.every((row) => typeof row["path"] === "string")
    ? rows.map((row) => row["path"] as string)
    : undefined;
  if (field !== undefined) return { names, labels: rows.map((row) => String(row[field])) };
  const folders = names?.map((name) => basename(dirname(name)));
  return { names, labels: new Set(folders).size > 1 ? folders : undefined };
}

/** As many as fit one buffer everywhere: a million vectors of 512 numbers. */
const MAX_NPY_BYTES = 2 ** 31 - 1;
const NPY_PREFIX = 10;
const ITEM_BYTES: Readonly<Record<string, number>> = { f4: 4, f8: 8 };

/** Source    numpy.org, "NPY format", versions 1.0 and 2.0 */
async function fromNpy(path: string, options: ReadVectorsOptions): Promise<LabelledVectors> {
  const { size: fileBytes } = await stat(path);
  const refuse = (got: string): FaceError =>
    new FaceError("BAD_FILE", { where: path, expected: "a matrix of float32 or float64 in NPY format", got });
  if (fileBytes > MAX_NPY_BYTES) throw refuse(`a file of ${fileBytes.toLocaleString("en")} bytes`);
  const bytes = await readFile(path);
  if (bytes.length < NPY_PREFIX + 2 || bytes.toString("latin1", 0, 6) !== "\x93NUMPY")
    throw refuse("another file");
  const long = bytes[6]! >= 2;
  const start = long ? 12 + bytes.readUInt32LE(8) : NPY_PREFIX + bytes.readUInt16LE(8);
  if (start > bytes.length) throw refuse("a header that ends beyond the file");
  const header = bytes.toString("latin1", long ? 12 : NPY_PREFIX, start);
  const type = /'descr':\s*'<(f4|f8)'/.exec(header)?.[1];
  const shape = /'shape':\s*\((\d+),\s*(\d+),?\s*\)/.exec(header);
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  if (type === undefined || !shape || order === undefined) throw refuse(header.trim());
  const [count, dimension, size] = [Number(shape[1]), Number(shape[2]), ITEM_BYTES[type]!];
  if (count * dimension * size !== bytes.length - start || count * dimension === 0) {
    throw refuse(`${bytes.length - start} bytes for a matrix of ${count} × ${dimension}`);
  }
  // In Fortran's order a column follows another.
  const place = (n: number): number =>
    order === "True" ? (n % dimension) * count + Math.floor(n / dimension) : n;
  const values = Float64Array.from({ length: count * dimension }, (_, n) => {
    const at = start + size * place(n);
    const value = size === 4 ? bytes.readFloatLE(at) : bytes.readDoubleLE(at);
    if (!Number.isFinite(value)) throw refuse(`${value} in row ${Math.floor(n / dimension)}`);
    return value;
  });
  const all = Array.from({ length: count }, (_, row) =>
    values.subarray(row * dimension, (row + 1) * dimension),
  );
  const data = singles(path, all, dimension);
  const rows: Row[] = [];
  if ((await stat(namesPathOf(path)).catch(() => undefined))?.isFile()) {
    for await (const { row } of jsonLines(namesPathOf(path))) rows.push(row);
    if (rows.length !== count) {
      throw new FaceError("BAD_FILE", {
        where: namesPathOf(path),
        expected: `${count} rows`,
        got: rows.length,
      });
    }
  }
  const known =
    rows.length > 0 ? describe(path, rows, options.labelField) : { names: undefined, labels: undefined };
  if (rows.length === 0 && options.labelField !== undefined) {
    throw new FaceError("USAGE", {
      where: path,
      expected: `${basename(namesPathOf(path))} beside it for --label`,
      got: "none",
    });
  }
  return { count, dimension, data, ...known };
}
