import type { ByteCursor } from "../byte-cursor.ts";
import { decodeEscapes, decodeRawUnicode } from "./text.ts";

const MAX_INTEGER_BYTES = 160;

/** Numbers and texts as pickles spell them, in eight ways; each reads from the cursor, or a line that was read from it. */
export class PickleConstants {
  readonly #cursor: ByteCursor;
  readonly #bad: (expected: string, got: string) => Error;

  /** @param bad the error for what is no constant, at the place of the opcode that asked for it */
  constructor(cursor: ByteCursor, bad: (expected: string, got: string) => Error) {
    this.#cursor = cursor;
    this.#bad = bad;
  }

  /** A little-endian two's complement integer; a bigint where a double is not exact. */
  integer(length: number): number | bigint {
    if (length < 0 || length > MAX_INTEGER_BYTES)
      throw this.#bad(`an integer of at most ${MAX_INTEGER_BYTES} bytes`, String(length));
    if (length === 0) return 0;
    const bytes = this.#cursor.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    return narrow(BigInt.asIntN(8 * length, value));
  }

  /** A decimal number; with `booleans` protocol 0's two spellings of them. */
  decimal(text: string, booleans: boolean): number | bigint | boolean {
    if (booleans && (text === "00" || text === "01")) return text === "01";
    if (!/^[+-]?\d+$/.test(text)) throw this.#bad("a whole number", JSON.stringify(text.slice(0, 40)));
    return narrow(BigInt(text.replace(/^\+/, "")));
  }

  /** The number of a memo. */
  index(text: string): number {
    const index = this.decimal(text, false);
    if (typeof index !== "number" || index < 0) throw this.#bad("a memo's number", text.slice(0, 40));
    return index;
  }

  /** A number as Python prints it. */
  float(text: string): number {
    const special: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, "-inf": -Infinity };
    const value =
      (Object.hasOwn(special, text) ? special[text] : undefined) ?? Number(text.trim() === "" ? "x" : text);
    if (Number.isNaN(value) && text !== "nan") throw this.#bad("a number", JSON.stringify(text.slice(0, 40)));
    return value;
  }

  /** Text of so many bytes of UTF-8. */
  utf8(length: number): string {
    const bytes = this.#cursor.take(length);
    try {
      return UTF8.decode(bytes);
    } catch {
      throw this.#bad("UTF-8 text", "bytes that are not");
    }
  }

  /** Text of so many bytes, each a character. */
  latin1(length: number): string {
    if (length < 0) throw this.#bad("a length of 0 or more", String(length));
    const bytes = this.#cursor.take(length);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  }

  /** A Python string literal. */
  quoted(line: string): string {
    const text = decodeEscapes(line.trim());
    if (text === undefined) throw this.#bad("a quoted string", JSON.stringify(line.slice(0, 40)));
    return text;
  }

  /** Text with `\u` escapes. */
  unicode(line: string): string {
    const text = decodeRawUnicode(line);
    if (text === undefined) throw this.#bad("text with whole escapes", JSON.stringify(line.slice(0, 40)));
    return text;
  }
}

// Lone surrogates are legal in Python's strings and pickled as three bytes each; names have none.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function narrow(value: bigint): number | bigint {
  const short = Number(value);
  return Number.isSafeInteger(short) ? short : value;
}
