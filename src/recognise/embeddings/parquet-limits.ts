import type { AsyncBuffer, FileMetaData } from "hyparquet";

/** Limits of reading a Parquet file. */
export interface ParquetLimits {
  /** Numbers, texts and nulls of one row group, which is read at once. */
  readonly groupValues: number;
  /** Of memory, by the process that reads. */
  readonly bytes: number;
  /** Of computing, for one row group. */
  readonly seconds: number;
}

/** 131,072 faces of 512 numbers in a row group, and three times the memory that those take. */
export const PARQUET_LIMITS: ParquetLimits = { groupValues: 2 ** 26, bytes: 3 * 2 ** 30, seconds: 120 };

/** A file's description of itself stands at its end; here a thousand row groups need a tenth of this. */
const MAX_FOOTER_BYTES = 2 ** 24;
/** "PAR1", the footer's length, "PAR1". */
const MIN_FILE_BYTES = 12;

/** Values for every byte of a file: constant columns have many, vectors less than one. */
const VALUES_PER_BYTE = 64;
/** So many may be in the smallest file. */
const VALUES_OF_ANY = 2 ** 20;

/** Throws an Error, for the caller's sentence, when a file's end does not fit memory. */
export async function expectSmallFooter(file: AsyncBuffer): Promise<void> {
  if (file.byteLength < MIN_FILE_BYTES) throw new Error("a file that is too short");
  const end = new DataView(await file.slice(file.byteLength - 8, file.byteLength));
  const length = end.getUint32(0, true);
  if (length > MAX_FOOTER_BYTES) throw new Error(`a description of ${length.toLocaleString("en")} bytes`);
}

/** Throws an Error, for the caller's sentence, when a file claims more than it can hold or than is read. */
export function expectBounded(
  { num_rows, row_groups }: FileMetaData,
  fileBytes: number,
  { groupValues }: ParquetLimits,
): void {
  let [rows, values, bytes] = [0, 0, 0];
  for (const [index, { num_rows: own, columns }] of row_groups.entries()) {
    const where = `row group ${index}`;
    rows += countOf(own, where);
    let ofGroup = 0;
    for (const { meta_data: column } of columns) {
      if (!column) throw new Error(`${where} in another file`);
      const held = countOf(column.num_values, where);
      if (held < Number(own)) throw new Error(`${where} of ${own} rows with ${held} values`);
      ofGroup += held;
      bytes += countOf(column.total_compressed_size, where);
    }
    if (ofGroup > groupValues || Number(own) > groupValues) {
      const most = groupValues.toLocaleString("en");
      throw new Error(
        `${where} of ${Math.max(ofGroup, Number(own)).toLocaleString("en")} values, where at most ${most} are read; write it in smaller row groups`,
      );
    }
    values += ofGroup;
  }
  if (rows !== countOf(num_rows, "the file"))
    throw new Error(`${num_rows} rows, and ${rows} in its row groups`);
  if (bytes > fileBytes) throw new Error(`columns of ${bytes} bytes in a file of ${fileBytes}`);
  if (values > VALUES_OF_ANY + VALUES_PER_BYTE * fileBytes)
    throw new Error(`${values.toLocaleString("en")} values in a file of ${fileBytes} bytes`);
}

function countOf(claimed: bigint, where: string): number {
  const count = Number(claimed);
  if (!Number.isSafeInteger(count) || count < 0) throw new Error(`${where} with a count of ${claimed}`);
  return count;
}
