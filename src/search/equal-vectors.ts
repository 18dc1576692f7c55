import { createHash } from "node:crypto";
import { FaceError, toFloat16, type UnitVector } from "../core/index.ts";

/** Bytes of a digest in a file. */
const DIGEST_BYTES = 16;
const PAIR_BYTES = 16;

/**
 * The ids that share a vector. A graph of neighbours gets one node for each distinct vector: many nodes at one place link
 * to each other only, and whatever is linked through them cannot be reached any more.
 *
 * Vectors are the same when their half-precision numbers are: the graph cannot tell them apart.
 */
export class EqualVectors {
  readonly #nodeOf = new Map<number, number>();
  readonly #idsOf = new Map<number, number[]>();
  readonly #nodeOfDigest = new Map<string, number>();
  readonly #digestOf = new Map<number, string>();
  #nextNode = 0;

  /** The number of ids. */
  get size(): number {
    return this.#nodeOf.size;
  }

  has(id: number): boolean {
    return this.#nodeOf.has(id);
  }

  /** The ids of a node, rising. */
  idsOf(node: number): readonly number[] {
    return this.#idsOf.get(node) ?? [];
  }

  /** Takes an id in. Returns the node that the graph has to add; undefined when the vector has one. */
  add(id: number, vector: UnitVector): number | undefined {
    const digest = digestOf(vector);
    const known = this.#nodeOfDigest.get(digest);
    this.#link(id, known ?? this.#nextNode, digest);
    return known === undefined ? this.#nextNode++ : undefined;
  }

  /** Takes an id out. Returns the node that the graph has to remove; undefined when others share it. */
  remove(id: number): number | undefined {
    const node = this.#nodeOf.get(id)!;
    this.#nodeOf.delete(id);
    const left = this.idsOf(node).filter((other) => other !== id);
    this.#idsOf.set(node, left);
    if (left.length > 0) return undefined;
    this.#idsOf.delete(node);
    this.#nodeOfDigest.delete(this.#digestOf.get(node)!);
    this.#digestOf.delete(node);
    return node;
  }

  /** Each id with its node and the digest of its vector. */
  encode(): Buffer {
    const bytes = Buffer.alloc(this.size * (PAIR_BYTES + DIGEST_BYTES));
    let at = 0;
    for (const [id, node] of this.#nodeOf) {
      at = bytes.writeDoubleLE(id, at);
      at = bytes.writeDoubleLE(node, at);
      at += bytes.write(this.#digestOf.get(node)!, at, "latin1");
    }
    return bytes;
  }

  /** Throws FaceError BAD_FILE for bytes that {@link encode} did not write. */
  static decode(bytes: Buffer, where: string): EqualVectors {
    const result = new EqualVectors();
    const row = PAIR_BYTES + DIGEST_BYTES;
    if (bytes.length % row !== 0) {
      throw new FaceError("BAD_FILE", {
        where,
        expected: `rows of ${row} bytes`,
        got: `${bytes.length} bytes`,
      });
    }
    for (let at = 0; at < bytes.length; at += row) {
      const node = bytes.readDoubleLE(at + 8);
      result.#link(bytes.readDoubleLE(at), node, bytes.toString("latin1", at + PAIR_BYTES, at + row));
      result.#nextNode = Math.max(result.#nextNode, node + 1);
    }
    return result;
  }

  #link(id: number, node: number, digest: string): void {
    this.#nodeOf.set(id, node);
    this.#nodeOfDigest.set(digest, node);
    this.#digestOf.set(node, digest);
    const ids = this.#idsOf.get(node);
    if (!ids) this.#idsOf.set(node, [id]);
    else {
      const place = ids.findLastIndex((other) => other < id) + 1;
      ids.splice(place, 0, id);
    }
  }
}

function digestOf(vector: UnitVector): string {
  const halves = toFloat16(vector as unknown as Float32Array);
  return createHash("sha256").update(halves).digest().toString("latin1", 0, DIGEST_BYTES);
}
