import { FaceError } from "../core/index.ts";
import type { ByteSource } from "./byte-source.ts";

const WINDOW_BYTES = 65_536;

/**
 * Reads a stretch of a source from front to back, a window at a time, for formats whose length is only known
 * once they have been read.
 *
 * Nothing longer than what is left of the stretch is ever allocated; every complaint names its offset.
 */
export class ByteCursor {
  readonly #source: ByteSource;
  readonly #where: string;
  readonly #end: number;
  #window = new Uint8Array(0);
  #view = new DataView(this.#window.buffer);
  /** Offset of the window's first byte in the source. */
  #base: number;
  /** Position inside the window. */
  #at = 0;

  /** @param where what is being read, the first words of every complaint */
  constructor(source: ByteSource, where: string, start = 0, end = source.size) {
    this.#source = source;
    this.#where = where;
    this.#base = start;
    this.#end = end;
  }

  /** Offset of the next byte in the source. */
  get offset(): number {
    return this.#base + this.#at;
  }

  /** Bytes between here and the end of the stretch. */
  get left(): number {
    return this.#end - this.offset;
  }

  u8(): number {
    return this.#need(1).getUint8(this.#at - 1);
  }

  u16(): number {
    return this.#need(2).getUint16(this.#at - 2, true);
  }

  i32(): number {
    return this.#need(4).getInt32(this.#at - 4, true);
  }

  u32(): number {
    return this.#need(4).getUint32(this.#at - 4, true);
  }

  /** An unsigned 64-bit number; throws when it does not fit a double exactly. */
  u64(): number {
    const at = this.offset;
    const value = this.#need(8).getBigUint64(this.#at - 8, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.bad("a number below 2⁵³", String(value), at);
    return Number(value);
  }

  /** A big-endian double, as pickles hold them. */
  f64BigEndian(): number {
    return this.#need(8).getFloat64(this.#at - 8, false);
  }

  /** The next `length` bytes, a copy. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.left) throw this.bad(`${length} more bytes`, `${this.left}`);
    if (length <= WINDOW_BYTES) {
      this.#need(length);
      return this.#window.slice(this.#at - length, this.#at);
    }
    const bytes = this.#source.read(this.offset, length);
    this.skip(length);
    return bytes;
  }

  skip(length: number): void {
    if (length > this.left) throw this.bad(`${length} more bytes`, `${this.left}`);
    this.#at += length;
  }

  /** Latin-1 text up to the next newline, which is passed over; at most `limit` characters. */
  line(limit: number): string {
    const start = this.offset;
    let text = "";
    for (let byte = this.u8(); byte !== 10; byte = this.u8()) {
      if (text.length >= limit)
        throw this.bad(`a line of at most ${limit} characters`, "a longer one", start);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** A complaint about the file at an offset. */
  bad(expected: string, got: string, offset = this.offset): FaceError {
    return new FaceError("BAD_FILE", { where: `${this.#where}: at offset ${offset}`, expected, got });
  }

  /** Makes sure that `length` ≤ {@link WINDOW_BYTES} bytes are in the window; passes them and returns the window. */
  #need(length: number): DataView {
    if (length > this.left) throw this.bad(`${length} more bytes`, `${this.left}`);
    if (this.#at + length > this.#window.length) {
      this.#base += this.#at;
      this.#at = 0;
      this.#window = this.#source.read(this.#base, Math.min(WINDOW_BYTES, this.#end - this.#base));
      this.#view = new DataView(this.#window.buffer);
    }
    this.#at += length;
    return this.#view;
  }
}
