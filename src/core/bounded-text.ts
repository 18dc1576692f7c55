import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { FaceError } from "./errors.ts";

/*
 * Text that comes from outside is read here and nowhere else, so that no file can take more memory or stack than is
 * fair: files and lines have a length, JSON a depth.
 */

/** Bytes of a file that is read whole unless the reader says otherwise: settings, cards, calibrations. */
export const MAX_TEXT_BYTES = 2 ** 22;

/** Bytes of one line: a vector of a million numbers is shorter. */
const MAX_LINE_BYTES = 2 ** 24;

/** Arrays and objects within each other; what is read here has fewer than ten. */
const MAX_DEPTH = 64;

const CHUNK_BYTES = 2 ** 16;

/**
 * A file's text, as UTF-8. A pipe is read too, as far as it may go.
 *
 * Throws    the system's error; an Error that says how long the file is allowed to be, for the caller's sentence
 */
export async function readText(path: string, atMost = MAX_TEXT_BYTES): Promise<string> {
  await using file = await open(path);
  const parts: Buffer[] = [];
  for (let total = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES));
    if (bytesRead === 0) return Buffer.concat(parts).toString("utf8");
    total += bytesRead;
    expectWithin(total, atMost);
    parts.push(buffer.subarray(0, bytesRead));
  }
}

/** The same on the calling thread. */
export function readTextSync(path: string, atMost = MAX_TEXT_BYTES): string {
  const file = openSync(path, "r");
  try {
    const parts: Buffer[] = [];
    for (let total = 0; ; ) {
      const buffer = Buffer.alloc(CHUNK_BYTES);
      const bytesRead = readSync(file, buffer);
      if (bytesRead === 0) return Buffer.concat(parts).toString("utf8");
      total += bytesRead;
      expectWithin(total, atMost);
      parts.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    closeSync(file);
  }
}

function expectWithin(total: number, atMost: number): void {
  if (total > atMost) throw new Error(`more than ${atMost.toLocaleString("en")} bytes`);
}

/**
 * The lines of a file as UTF-8, without their ends (LF or CRLF); a last line need not have one.
 *
 * Throws    FaceError BAD_FILE for a line longer than 16 MiB; the system's error
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  yield* linesOf(createReadStream(path) as AsyncIterable<Buffer>, path, "line");
}

/**
 * {@link readLines} of any bytes.
 *
 * @param where what the bytes are, for sentences
 * @param what what a line is
 * @param first number of the first one
 */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  where: string,
  what: string,
  first = 1,
): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = first;
  const take = (part: Buffer): void => {
    parts.push(part);
    length += part.length;
    if (length > MAX_LINE_BYTES) {
      throw new FaceError("BAD_FILE", {
        where: `${where}: ${what} ${number}`,
        expected: `at most ${MAX_LINE_BYTES.toLocaleString("en")} bytes`,
        got: "more",
      });
    }
  };
  const line = (): string => {
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    parts = [];
    length = 0;
    number++;
    return bytes.toString("utf8", 0, bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length);
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      take(chunk.subarray(from, to));
      yield line();
      from = to + 1;
    }
    if (from < chunk.length) take(chunk.subarray(from));
  }
  if (length > 0) yield line();
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * A JSON text's value.
 *
 * Throws    SyntaxError; an Error where arrays and objects are nested more than 64 deep
 */
export function parseJson(text: string): unknown {
  expectShallow(text);
  return JSON.parse(text);
}

function expectShallow(text: string): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      if (++depth > MAX_DEPTH) throw new Error(`more than ${MAX_DEPTH} levels of arrays and objects`);
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth--;
  }
}

/**
 * Looks at a YAML text before it is parsed, which takes a time and a stack that grow with the depth: brackets count
 * wherever they stand, in quotes too.
 *
 * Throws    an Error where values are nested more than 64 deep
 */
export function expectShallowYaml(text: string): void {
  let depth = 0;
  for (const line of text.split(/\r\n?|\n/)) {
    for (let i = 0; i < line.length && depth <= MAX_DEPTH; i++) {
      const code = line.charCodeAt(i);
      if (code === OPEN_BRACKET || code === OPEN_BRACE) depth++;
      else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth = Math.max(0, depth - 1);
    }
    const items = line.match(/(?<=^|\s)[-?](?=\s)/g)?.length ?? 0;
    const indent = line.search(/\S|$/);
    if (depth > MAX_DEPTH || items > MAX_DEPTH || indent > 4 * MAX_DEPTH)
      throw new Error(`more than ${MAX_DEPTH} levels`);
  }
}

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [34, 92, 91, 93, 123, 125];
