import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import { HEAD_BYTES, PIECE_BYTES, type Piece } from "./pieces.ts";

const DIGEST_BYTES = 16;
const SALT_BYTES = 16;

/** The form that {@link Marks.toString} writes. */
export const MarksSchema = z.strictObject({
  salt: z.base64(),
  /** Kind, length, digest of the first bytes, digest of all. */
  marks: z.array(
    z.tuple([
      z.enum(["text", "vector", "crop"]),
      z.number().int().min(HEAD_BYTES),
      z.number().int(),
      z.base64(),
    ]),
  ),
});

/**
 * Digests of pieces. With them the pieces can be found in a file again and again, and the pieces themselves need not
 * be kept: an erasure remembers what it looks for without remembering it.
 */
export class Marks {
  readonly #salt: Uint8Array;
  readonly #marks: z.infer<typeof MarksSchema>["marks"];
  readonly #byHead = new Map<number, number[]>();
  /** One bit for every 20-bit digest of a piece's head: most places of a file are dismissed by it. */
  readonly #seen = new Uint8Array(1 << 17);
  readonly #words: readonly [number, number];
  /** Length of the longest piece. */
  readonly longest: number;

  private constructor(salt: Uint8Array, marks: z.infer<typeof MarksSchema>["marks"]) {
    this.#salt = salt;
    this.#marks = marks;
    const words = Buffer.from(salt);
    this.#words = [words.readInt32LE(0), words.readInt32LE(4)];
    let longest = PIECE_BYTES;
    for (const [index, [, length, head]] of marks.entries()) {
      longest = Math.max(longest, length);
      const digest = head >>> 12;
      this.#seen[digest >>> 3]! |= 1 << (digest & 7);
      const same = this.#byHead.get(head);
      if (same) same.push(index);
      else this.#byHead.set(head, [index]);
    }
    this.longest = longest;
  }

  static of(pieces: readonly Piece[]): Marks {
    const salt = randomBytes(SALT_BYTES);
    const empty = new Marks(salt, []);
    return new Marks(
      salt,
      pieces.map(({ kind, bytes }) => [
        kind,
        bytes.length,
        empty.#headOf(
          bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24),
          bytes[4]! | (bytes[5]! << 8),
        ),
        empty.#digestOf(bytes),
      ]),
    );
  }

  /** Reads what {@link toString} wrote. */
  static parse(text: string): Marks {
    const { salt, marks } = MarksSchema.parse(JSON.parse(text));
    return new Marks(Buffer.from(salt, "base64"), marks);
  }

  toString(): string {
    return JSON.stringify({ salt: Buffer.from(this.#salt).toString("base64"), marks: this.#marks });
  }

  get size(): number {
    return this.#marks.length;
  }

  kindOf(mark: number): Piece["kind"] {
    return this.#marks[mark]![0];
  }

  /**
   * Looks for the pieces that begin at the places 0…until−1.
   *
   * @param found gets for every mark whose piece is there one more for every place
   */
  count(bytes: Uint8Array, until: number, found: Map<number, number>): void {
    const places = Math.min(until, bytes.length - HEAD_BYTES + 1);
    let word = bytes.length < 3 ? 0 : (bytes[0]! << 8) | (bytes[1]! << 16) | (bytes[2]! << 24);
    for (let start = 0; start < places; start++) {
      word = (word >>> 8) | (bytes[start + 3]! << 24);
      const head = this.#headOf(word, bytes[start + 4]! | (bytes[start + 5]! << 8));
      const digest = head >>> 12;
      if ((this.#seen[digest >>> 3]! & (1 << (digest & 7))) === 0) continue;
      for (const mark of this.#byHead.get(head) ?? []) {
        const [, length, , wanted] = this.#marks[mark]!;
        if (start + length > bytes.length) continue;
        if (this.#digestOf(bytes.subarray(start, start + length)) === wanted)
          found.set(mark, (found.get(mark) ?? 0) + 1);
      }
    }
  }

  /** 32 bits of the first six bytes. */
  #headOf(four: number, two: number): number {
    let hash = Math.imul(four ^ this.#words[0], 0x9e3779b1);
    hash ^= hash >>> 15;
    hash = Math.imul(hash ^ two ^ this.#words[1], 0x85ebca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  #digestOf(piece: Uint8Array): string {
    return createHmac("sha256", this.#salt)
      .update(piece)
      .digest()
      .subarray(0, DIGEST_BYTES)
      .toString("base64");
  }
}
