import { readFile, stat } from "node:fs/promises";
import { CsvError, parse } from "csv-parse/sync";
import { expectNoDatabaseInUse, FaceError, type Fault, reasonOf, systemCode } from "../core/index.ts";

/** One record of a CSV file. */
export interface CsvRow {
  /** Of the record's first line, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

const MAX_BYTES = 1 << 26;
const DELIMITERS = [",", ";", "\t"] as const;

/**
 * The records of a CSV file, each with as many fields as there are columns.
 *
 * Fields are divided by commas, semicolons or tabs: whichever the first line has. Double quotes enclose fields that
 * hold those, quotes written twice, or line ends. Empty lines and lines that begin with `#` are passed over; spaces
 * around fields do not count. The text is UTF-8, or UTF-16 with its mark.
 *
 * A first line with a name of every column, in any order, is a header: columns follow it, and others are passed over.
 *
 * @param columns names that a header may give to each column; the first is what sentences call it
 * Throws    FaceError BAD_FILE with the line that is no record of these columns; also for a file without any
 */
export async function readCsv(file: string, columns: readonly (readonly string[])[]): Promise<CsvRow[]> {
  const called = columns.map(([name]) => name).join(",");
  const found = await stat(file).catch((cause: unknown) => {
    const got = systemCode(cause) === "ENOENT" ? "nothing there" : reasonOf(cause);
    throw new FaceError("BAD_FILE", { where: file, expected: `a CSV file of ${called}`, got, cause });
  });
  if (!found.isFile()) {
    throw new FaceError("BAD_FILE", {
      where: file,
      expected: `a CSV file of ${called}`,
      got: "something that is no file",
    });
  }
  if (found.size > MAX_BYTES) {
    throw new FaceError("BAD_FILE", { where: file, expected: `at most ${MAX_BYTES} bytes`, got: found.size });
  }
  expectNoDatabaseInUse(file, "a CSV file");
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new FaceError("BAD_FILE", { where: file, expected: `a CSV file of ${called}`, cause });
  });
  return csvRows(textOf(bytes, file), file, columns);
}

/** The same of a CSV text. @param where the file's name, for sentences */
export function csvRows(text: string, where: string, columns: readonly (readonly string[])[]): CsvRow[] {
  const called = columns.map(([name]) => name).join(",");
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    const line = lineEnds(text.slice(0, nul)) + 1;
    throw new FaceError("BAD_FILE", {
      where: `${where}: line ${line}`,
      expected: "text",
      got: "a NUL character",
    });
  }
  const records = recordsOf(text, where);
  const order = records[0] && headerOrder(records[0].fields, columns);
  const rows = (order ? records.slice(1) : records).map(({ line, fields }) => {
    const own = order ? order.map((column) => fields[column] ?? "") : fields;
    if (own.length === columns.length && own.every((field) => field !== "")) return { line, fields: own };
    const got = JSON.stringify(fields.join(",").slice(0, 80));
    throw new FaceError("BAD_FILE", { where: `${where}: line ${line}`, expected: called, got });
  });
  if (rows.length === 0)
    throw new FaceError("BAD_FILE", { where, expected: `lines of ${called}`, got: "none" });
  return rows;
}

/** Position of each column in a header; undefined for a line that is none. */
function headerOrder(
  fields: readonly string[],
  columns: readonly (readonly string[])[],
): readonly number[] | undefined {
  const taken = new Set<number>();
  const order = columns.map((names) => {
    const at = fields.findIndex((field, i) => !taken.has(i) && names.includes(field.toLowerCase()));
    taken.add(at);
    return at;
  });
  return order.includes(-1) ? undefined : order;
}

function recordsOf(whole: string, where: string): CsvRow[] {
  // A line of Excel's own that names the delimiter, which the next line shows anyway.
  const text = whole.replace(/^\uFEFF?sep=.(?=[\r\n])/i, "");
  const delimiter = delimiterOf(text);
  try {
    const records = parse(text, {
      delimiter,
      bom: true,
      comment: "#",
      comment_no_infix: true,
      relax_column_count: true,
      record_delimiter: ["\r\n", "\n", "\r"],
      skip_empty_lines: true,
      trim: true,
      info: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return (
      records
        // The parser counts to a record's last line.
        .map(({ record, info }) => ({ line: info.lines - lineEnds(record.join("")), fields: record }))
        .filter(({ fields }) => fields.some((field) => field !== ""))
    );
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = String(cause["lines"] ?? "?");
    throw new FaceError("BAD_FILE", { where: `${where}: line ${line}`, ...faultOf(cause), cause });
  }
}

function faultOf(error: CsvError): Fault {
  if (error.code === "CSV_QUOTE_NOT_CLOSED") return { expected: "a closing quote", got: "none" };
  if (
    error.code === "CSV_INVALID_CLOSING_QUOTE" ||
    error.code === "CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE"
  ) {
    return { expected: "the field's end after a closing quote", got: "more of it" };
  }
  if (error.code === "INVALID_OPENING_QUOTE") {
    return {
      expected: "quotes around a whole field",
      got: "one inside: a quote in a field is written twice, and the field in quotes",
    };
  }
  return { expected: "CSV", cause: error };
}

/** The character that divides the fields: of those that may, the one that the first line with content has most of. */
function delimiterOf(text: string): string {
  const first = /^(?![ \t]*#)[^\S\r\n]*\S.*$/mu.exec(text.replace(/^\uFEFF/, ""))?.[0] ?? "";
  const bare = first.replace(/"(?:[^"]|"")*"/g, "");
  const count = (delimiter: string): number => bare.split(delimiter).length;
  return DELIMITERS.reduce((best, next) => (count(next) > count(best) ? next : best));
}

function lineEnds(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}

function textOf(bytes: Uint8Array, file: string): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FaceError("BAD_FILE", {
      where: file,
      expected: "UTF-8 text",
      got: 'another encoding: save it as "CSV UTF-8"',
      cause,
    });
  }
}
