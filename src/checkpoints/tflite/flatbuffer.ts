import { bytesAt, FaceError } from "../../core/index.ts";

/** All vectors together may be read this many times the file's size. */
const MAX_READ_FACTOR = 4;

/**
 * A table of a FlatBuffers file from a stranger: every offset is held against the file before it is followed.
 *
 * Source    flatbuffers.dev, "FlatBuffer internals"
 */
export class FlatTable {
  readonly #view: DataView;
  /** Bytes of vectors that may still be read: tables may share theirs, but not so that reading outgrows the file. */
  readonly #budget: { left: number };
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;

  private constructor(view: DataView, at: number, budget: { left: number }) {
    this.#view = view;
    this.#budget = budget;
    this.#at = at;
    this.#vtable = at - this.#readInt32(at);
    this.#vtableBytes = this.#readUint16(this.#vtable);
  }

  /** The root table of a file, whose identifier must be the four letters given. */
  static root(bytes: Uint8Array, identifier: string): FlatTable {
    if (!bytesAt(bytes, 4, identifier)) {
      const got = JSON.stringify(Buffer.from(bytes.subarray(4, 8)).toString("latin1"));
      throw new FaceError("BAD_MODEL", { where: "tflite: at offset 4", expected: `"${identifier}"`, got });
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true), { left: MAX_READ_FACTOR * bytes.length });
  }

  int32(field: number, absent = 0): number {
    const at = this.#field(field);
    return at === undefined ? absent : this.#readInt32(at);
  }

  int8(field: number, absent = 0): number {
    const at = this.#field(field);
    if (at === undefined) return absent;
    this.#check(at, 1);
    return this.#view.getInt8(at);
  }

  table(field: number): FlatTable | undefined {
    const at = this.#field(field);
    return at === undefined ? undefined : new FlatTable(this.#view, this.#follow(at), this.#budget);
  }

  tables(field: number): FlatTable[] {
    const vector = this.#vector(field, 4);
    return Array.from(
      { length: vector.length },
      (_, i) => new FlatTable(this.#view, this.#follow(vector.at + 4 * i), this.#budget),
    );
  }

  int32s(field: number): number[] {
    const vector = this.#vector(field, 4);
    return Array.from({ length: vector.length }, (_, i) => this.#readInt32(vector.at + 4 * i));
  }

  /** A view into the file, not a copy. */
  bytes(field: number): Uint8Array {
    const vector = this.#vector(field, 1);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + vector.at, vector.length);
  }

  string(field: number): string {
    return new TextDecoder().decode(this.bytes(field));
  }

  #field(field: number): number | undefined {
    const slot = 4 + 2 * field;
    if (slot + 2 > this.#vtableBytes) return undefined;
    const offset = this.#readUint16(this.#vtable + slot);
    return offset === 0 ? undefined : this.#at + offset;
  }

  #vector(field: number, elementBytes: number): { at: number; length: number } {
    const at = this.#field(field);
    if (at === undefined) return { at: 0, length: 0 };
    const start = this.#follow(at);
    const length = this.#readUint32(start);
    this.#check(start + 4, length * elementBytes);
    this.#budget.left -= length * elementBytes;
    if (this.#budget.left < 0) {
      throw this.bad(
        `vectors of at most ${MAX_READ_FACTOR} times the file's size`,
        "more, shared by many tables",
        start,
      );
    }
    return { at: start + 4, length };
  }

  #follow(at: number): number {
    return at + this.#readUint32(at);
  }

  #readInt32(at: number): number {
    this.#check(at, 4);
    return this.#view.getInt32(at, true);
  }

  #readUint32(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, true);
  }

  #readUint16(at: number): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, true);
  }

  #check(at: number, length: number): void {
    if (at < 0) throw this.bad("a table inside the file", `one at ${at}`);
    if (at + length > this.#view.byteLength) {
      throw this.bad(`${length} bytes inside the file's ${this.#view.byteLength}`, "fewer", at);
    }
  }

  /** A complaint about the file at this table, or at another place. */
  bad(expected: string, got: string, at = this.#at): FaceError {
    return new FaceError("BAD_MODEL", { where: `tflite: at offset ${at}`, expected, got });
  }
}
