import { FaceError, type ReadonlyFloat32 } from "../core/index.ts";

const [P1, P2, P3, P4, P5] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1] as const;

/**
 * A 32-bit checksum. Whatever happens within four aligned bytes changes it; other damage goes unnoticed once in 2³².
 *
 * @param bytes in the order of the machine's own words
 * Source    github.com/Cyan4973/xxHash, doc/xxhash_spec.md: XXH32
 */
export function checksumOf(bytes: Uint8Array, seed = 0): number {
  const { length } = bytes;
  const words =
    bytes.byteOffset % 4 === 0
      ? new Uint32Array(bytes.buffer, bytes.byteOffset, length >>> 2)
      : new Uint32Array(bytes.slice(0, length & ~3).buffer);
  let at = 0;
  let h = (seed + P5) | 0;
  if (length >= 16) {
    let a = (seed + P1 + P2) | 0;
    let b = (seed + P2) | 0;
    let c = seed | 0;
    let d = (seed - P1) | 0;
    for (const end = words.length & ~3; at < end; at += 4) {
      a = Math.imul(rotated((a + Math.imul(words[at]!, P2)) | 0, 13), P1);
      b = Math.imul(rotated((b + Math.imul(words[at + 1]!, P2)) | 0, 13), P1);
      c = Math.imul(rotated((c + Math.imul(words[at + 2]!, P2)) | 0, 13), P1);
      d = Math.imul(rotated((d + Math.imul(words[at + 3]!, P2)) | 0, 13), P1);
    }
    h = (rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18)) | 0;
  }
  h = (h + length) | 0;
  for (; at < words.length; at++) h = Math.imul(rotated((h + Math.imul(words[at]!, P3)) | 0, 17), P4);
  for (let i = 4 * at; i < length; i++) h = Math.imul(rotated((h + Math.imul(bytes[i]!, P5)) | 0, 11), P1);
  h = Math.imul(h ^ (h >>> 15), P2);
  h = Math.imul(h ^ (h >>> 13), P3);
  return (h ^ (h >>> 16)) >>> 0;
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Checksum of what is kept of a face under its id, so that one face's cannot stand in another's place. */
export function checksumOfBytes(id: number, bytes: Uint8Array): number {
  return checksumOf(bytes, id | 0);
}

/** {@link checksumOfBytes} of a vector's float32 numbers. */
export function checksumOfVector(id: number, vector: ReadonlyFloat32): number {
  return checksumOfBytes(id, new Uint8Array(Float32Array.from(vector).buffer));
}

const owner = new Uint32Array(4);
const ownerBytes = new Uint8Array(owner.buffer);

/** Checksum of whose a face is. */
export function checksumOfOwner(id: number, person: number, present: number): number {
  owner[0] = id;
  owner[1] = 2 * Math.floor(id / 2 ** 32) + present;
  owner[2] = person;
  owner[3] = person / 2 ** 32;
  return checksumOf(ownerBytes);
}

const encoder = new TextEncoder();

/** Checksum of a row's plain values. */
export function checksumOfValues(values: readonly (string | number | null)[]): number {
  return checksumOf(encoder.encode(JSON.stringify(values)));
}

/** The error for bytes that are not those that were written. */
export function damaged(where: string, what: string): FaceError {
  return new FaceError("BAD_FILE", {
    where,
    expected: `${what} as it was written`,
    got: "something else: the gallery is damaged",
    note: '"arcface gallery check" lists what is',
  });
}
