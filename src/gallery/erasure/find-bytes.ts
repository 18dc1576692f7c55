import { open, stat } from "node:fs/promises";
import { systemCode } from "../../core/index.ts";
import type { SearchedFile } from "../store.ts";

/** Length of a piece that is searched for. */
const PIECE_BYTES = 24;
/** Distance of the pieces that stand for a value, so that a part of it that survived is found too. */
const PIECE_STEP = 192;
/** A file is read in parts of this size. */
export const PART_BYTES = 4 << 20;

/**
 * Pieces that stand for a value: if any is still in a file, some of the value is.
 *
 * @param from where to begin; a JPEG file starts with tables that all JPEG files share
 */
export function piecesOf(value: Uint8Array, from = 0): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let start = from; start + PIECE_BYTES <= value.length; start += PIECE_STEP)
    pieces.push(value.slice(start, start + PIECE_BYTES));
  return pieces;
}

/**
 * Looks for pieces in every byte of files. One pass whatever the number of pieces: the first four bytes of each are
 * in a table, and only where they match is the rest compared.
 *
 * @param pieces each at least four bytes long
 * Returns   one entry for every file that is there
 */
export async function findBytes(
  paths: readonly string[],
  pieces: readonly Uint8Array[],
): Promise<SearchedFile[]> {
  const table = new PieceTable(pieces);
  const searched: SearchedFile[] = [];
  for (const path of paths) {
    const bytes = await stat(path).then(
      (found) => (found.isFile() ? found.size : undefined),
      (cause: unknown) => {
        if (systemCode(cause) === "ENOENT") return undefined;
        throw cause;
      },
    );
    if (bytes !== undefined) searched.push({ path, bytes, hits: await countHits(partsOf(path), table) });
  }
  return searched;
}

/** {@link findBytes} for a file that comes in parts from elsewhere. */
export async function findBytesIn(
  path: string,
  bytes: number,
  parts: AsyncIterable<Uint8Array>,
  pieces: readonly Uint8Array[],
): Promise<SearchedFile> {
  return { path, bytes, hits: await countHits(parts, new PieceTable(pieces)) };
}

async function* partsOf(path: string): AsyncGenerator<Uint8Array> {
  await using file = await open(path, "r");
  for (;;) {
    const buffer = Buffer.alloc(PART_BYTES);
    const { bytesRead } = await file.read(buffer, 0, PART_BYTES, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Counts the places of a stream where a piece begins, pieces across two parts of it too. */
async function countHits(parts: AsyncIterable<Uint8Array>, table: PieceTable): Promise<number> {
  let hits = 0;
  let rest = Buffer.alloc(0);
  for await (const part of parts) {
    const bytes = Buffer.concat([rest, part]);
    // Places whose piece might go on behind this part are left to the next.
    const until = Math.max(0, bytes.length - (table.longest - 1));
    hits += table.count(bytes, until);
    rest = bytes.subarray(until);
  }
  return hits + table.count(rest, rest.length - 3);
}

class PieceTable {
  readonly longest: number;
  readonly #byStart = new Map<number, Uint8Array[]>();
  /** One bit for every 20-bit digest of four bytes: most places of a file are dismissed by it. */
  readonly #seen = new Uint8Array(1 << 17);

  constructor(pieces: readonly Uint8Array[]) {
    this.longest = Math.max(4, ...pieces.map((piece) => piece.length));
    for (const piece of pieces) {
      const start = (piece[0]! | (piece[1]! << 8) | (piece[2]! << 16) | (piece[3]! << 24)) >>> 0;
      const digest = Math.imul(start, 0x9e3779b1) >>> 12;
      this.#seen[digest >>> 3]! |= 1 << (digest & 7);
      const same = this.#byStart.get(start);
      if (same) same.push(piece);
      else this.#byStart.set(start, [piece]);
    }
  }

  /** How many of the places 0…until−1 begin a piece. */
  count(bytes: Uint8Array, until: number): number {
    let hits = 0;
    let word = 0;
    for (let i = 0; i < until + 3; i++) {
      word = (word >>> 8) | (bytes[i]! << 24);
      if (i < 3) continue;
      const digest = Math.imul(word, 0x9e3779b1) >>> 12;
      if ((this.#seen[digest >>> 3]! & (1 << (digest & 7))) === 0) continue;
      for (const piece of this.#byStart.get(word >>> 0) ?? [])
        if (piece.every((byte, j) => bytes[i - 3 + j] === byte)) hits++;
    }
    return hits;
  }
}
