import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { FaceError, linesOf, parseJson } from "../../core/index.ts";
import { PARQUET_LIMITS, type ParquetLimits } from "./parquet-limits.ts";

/** The question to the reading process. */
export interface ParquetRequest {
  readonly path: string;
  /** Key in the file's metadata whose value is asked for; null asks for the rows. */
  readonly key: string | null;
  readonly limits: ParquetLimits;
}

/** The program, built: a checkout that runs its sources has it in `dist/`. */
const PROGRAM = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts")
      ? "../../../dist/recognise/embeddings/parquet-process.js"
      : "./parquet-process.js",
    import.meta.url,
  ),
);

/**
 * The value under a key of a Parquet file's metadata; null where there is none.
 *
 * Throws    FaceError BAD_FILE
 */
export async function parquetNote(path: string, key: string): Promise<string | null> {
  for await (const value of valuesOf({ path, key, limits: PARQUET_LIMITS })) return value as string | null;
  return null;
}

/**
 * The rows of a Parquet file, read in a process of its own, a row group at a time. It ends when a group takes too long or
 * too much memory, and when it loses this process: a few bytes of such a file can stand for any number of values.
 *
 * Throws    FaceError BAD_FILE
 */
export async function* parquetRows(
  path: string,
  limits: ParquetLimits = PARQUET_LIMITS,
): AsyncGenerator<Record<string, unknown>> {
  for await (const value of valuesOf({ path, key: null, limits })) yield rowOf(value as RowLine);
}

/** A row as the process writes it: its values, and lists of many numbers as base64 of float64. */
type RowLine = readonly [Record<string, unknown>, Readonly<Record<string, string>>];

function rowOf([values, lists]: RowLine): Record<string, unknown> {
  for (const [name, list] of Object.entries(lists)) {
    const bytes = new Uint8Array(Buffer.from(list, "base64"));
    values[name] = Array.from(new Float64Array(bytes.buffer));
  }
  return values;
}

/** The process's output. */
async function* valuesOf(request: ParquetRequest): AsyncGenerator<unknown> {
  const { path } = request;
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(request)], {
    stdio: ["pipe", "pipe", "pipe"],
    // Where this program is not Node itself, it has to be told to be.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
  });
  const ended = new Promise<string>((resolve) => {
    child.on("error", ({ message }) => resolve(`no process to read it in: ${message}`));
    child.on("close", (code, signal) =>
      resolve(`one that ended the process that read it (${signal ?? code})`),
    );
  });
  child.stdin.on("error", () => undefined);
  const said = text(child.stderr).catch(() => "");
  try {
    for await (const line of linesOf(child.stdout, path, "row", 0)) {
      const value = parseJson(line);
      if (value === true) return;
      yield value;
    }
    const [how, why] = await Promise.all([ended, said]);
    const refused = why.split("\n").findLast((line) => line.startsWith('{"refused":'));
    const got = refused === undefined ? how : (parseJson(refused) as { refused: string }).refused;
    throw new FaceError("BAD_FILE", { where: path, expected: "a Parquet file", reason: got });
  } finally {
    child.kill("SIGKILL");
  }
}
