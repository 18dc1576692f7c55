import { FaceError } from "../core/index.ts";

const WIRE_VARINT = 0;
const WIRE_64 = 1;
const WIRE_BYTES = 2;
const WIRE_32 = 5;
/** A field of two bytes can become an object of hundreds; large networks have some ten thousand fields. */
const MAX_FIELDS = 1_000_000;

/**
 * Reads protobuf's wire format from bytes that nobody has checked.
 *
 * Byte strings are views into the input, never copies, so that a model of 175 MB is read without doubling it.
 * Every length is held against what is left before anything is made; every complaint names its offset.
 *
 * Source    protobuf.dev, "Encoding"
 */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  /** Fields that may still be read, of this message and all around it. */
  readonly #budget: { fields: number };
  readonly #view: DataView;
  readonly #base: number;
  #at = 0;
  #fieldStart = 0;

  /** @param base offset of `bytes` in the whole file, for messages */
  constructor(bytes: Uint8Array, base = 0, budget = { fields: MAX_FIELDS }) {
    this.#bytes = bytes;
    this.#budget = budget;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#base = base;
  }

  /** The whole message as it is encoded. */
  get encoded(): Uint8Array {
    return this.#bytes;
  }

  /** The next field's number and wire type, or undefined at the end. */
  next(): { field: number; wire: number } | undefined {
    if (this.#at >= this.#bytes.length) return undefined;
    if (--this.#budget.fields < 0) throw this.bad(`at most ${MAX_FIELDS} fields`, "more");
    this.#fieldStart = this.#at;
    const tag = this.#varint();
    const field = Number(tag >> 3n);
    if (field === 0) throw this.bad("a field number above 0", "0");
    return { field, wire: Number(tag & 7n) };
  }

  /** A varint as a signed 64-bit number; throws when it does not fit a double exactly. */
  int(wire: number): number {
    const value = Number(BigInt.asIntN(64, this.bigint(wire)));
    if (!Number.isSafeInteger(value)) throw this.bad("an integer below 2⁵³", String(value));
    return value;
  }

  /** A varint as its unsigned 64 bits. */
  bigint(wire: number): bigint {
    this.#expectWire(wire, WIRE_VARINT);
    return this.#varint();
  }

  float(wire: number): number {
    this.#expectWire(wire, WIRE_32);
    const at = this.#take(4);
    return this.#view.getFloat32(at, true);
  }

  bytes(wire: number): Uint8Array {
    this.#expectWire(wire, WIRE_BYTES);
    const length = this.#varint();
    if (length > BigInt(this.#bytes.length - this.#at)) {
      throw this.bad(`at most ${this.#bytes.length - this.#at} bytes`, `a length of ${length}`);
    }
    const at = this.#take(Number(length));
    return this.#bytes.subarray(at, this.#at);
  }

  string(wire: number): string {
    return new TextDecoder().decode(this.bytes(wire));
  }

  /** A reader over an embedded message. */
  message(wire: number): ProtobufReader {
    const inner = this.bytes(wire);
    return new ProtobufReader(inner, this.#base + this.#at - inner.length, this.#budget);
  }

  /** A repeated integer field, packed or one element of it. */
  ints(wire: number): number[] {
    if (wire === WIRE_VARINT) return [this.int(wire)];
    const inner = this.message(wire);
    return inner.rest().map((wide) => {
      const value = Number(wide);
      if (!Number.isSafeInteger(value)) throw inner.bad("an integer below 2⁵³", String(value));
      return value;
    });
  }

  /** A repeated integer field as signed 64-bit numbers, packed or one element of it. */
  bigints(wire: number): bigint[] {
    if (wire === WIRE_VARINT) return [BigInt.asIntN(64, this.bigint(wire))];
    return this.message(wire).rest();
  }

  /** The rest of the message, as signed 64-bit varints. */
  rest(): bigint[] {
    const out: bigint[] = [];
    while (this.#at < this.#bytes.length) out.push(BigInt.asIntN(64, this.#varint()));
    return out;
  }

  /** A repeated field of eight bytes an element, packed or one element of it, as its bytes. */
  words(wire: number): Uint8Array {
    if (wire === WIRE_64) {
      const at = this.#take(8);
      return this.#bytes.subarray(at, at + 8);
    }
    const inner = this.bytes(wire);
    if (inner.length % 8 !== 0) throw this.bad("a multiple of 8 bytes", `${inner.length} bytes`);
    return inner;
  }

  /** A repeated float field, packed or one element of it. */
  floats(wire: number): number[] {
    if (wire === WIRE_32) return [this.float(wire)];
    const inner = this.bytes(wire);
    if (inner.length % 4 !== 0) throw this.bad("a multiple of 4 bytes of floats", `${inner.length} bytes`);
    const view = new DataView(inner.buffer, inner.byteOffset, inner.byteLength);
    return Array.from({ length: inner.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  }

  /** Passes over a field and returns it whole, tag included, so that it can be written back unchanged. */
  skip(wire: number): Uint8Array {
    if (wire === WIRE_VARINT) this.#varint();
    else if (wire === WIRE_64) this.#take(8);
    else if (wire === WIRE_32) this.#take(4);
    else if (wire === WIRE_BYTES) this.bytes(wire);
    else throw this.bad("a wire type of 0, 1, 2 or 5", String(wire));
    return this.#bytes.subarray(this.#fieldStart, this.#at);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#take(1)]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw this.bad("a varint of at most 10 bytes", "a longer one");
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) {
      throw this.bad(`${length} more bytes`, `${this.#bytes.length - at}`);
    }
    this.#at += length;
    return at;
  }

  #expectWire(wire: number, wanted: number): void {
    if (wire !== wanted) throw this.bad(`wire type ${wanted}`, String(wire));
  }

  /** A complaint about the file at the reader's place. */
  bad(expected: string, got: string): FaceError {
    return new FaceError("BAD_MODEL", {
      where: `protobuf: at offset ${this.#base + this.#at}`,
      expected,
      got,
    });
  }
}

/** Writes protobuf's wire format; large byte strings are kept by reference until {@link ProtobufWriter.finish}. */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #small: number[] = [];
  #length = 0;

  int(field: number, value: number | bigint): this {
    this.#tag(field, WIRE_VARINT);
    this.#varint(BigInt(value));
    return this;
  }

  float(field: number, value: number): this {
    this.#tag(field, WIRE_32);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#small.push(...bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, WIRE_BYTES);
    this.#varint(BigInt(value.length));
    return this.raw(value);
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: ProtobufWriter): this {
    value.#flush();
    this.#tag(field, WIRE_BYTES);
    this.#varint(BigInt(value.#length));
    for (const part of value.#parts) this.raw(part);
    return this;
  }

  /** Bytes that are already encoded, tag included. */
  raw(encoded: Uint8Array): this {
    this.#flush();
    this.#parts.push(encoded);
    this.#length += encoded.length;
    return this;
  }

  finish(): Uint8Array {
    this.#flush();
    const out = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  #tag(field: number, wire: number): void {
    this.#varint(BigInt((field << 3) | wire));
  }

  #varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    while (rest >= 128n) {
      this.#small.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.#small.push(Number(rest));
  }

  #flush(): void {
    if (this.#small.length === 0) return;
    const part = Uint8Array.from(this.#small);
    this.#small = [];
    this.#parts.push(part);
    this.#length += part.length;
  }
}
