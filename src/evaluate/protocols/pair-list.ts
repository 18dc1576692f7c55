import { stat } from "node:fs/promises";
import { FaceError } from "../../core/index.ts";

/** A picture of a protocol. */
export interface ListedPicture {
  /** Its name for people: its path, or its number in a file of many. */
  readonly name: string;
  readonly source: string | Uint8Array;
}

/** Pairs of pictures with the truth about them, in the order of their protocol. */
export interface PairList {
  /** `LFW, 6,000 official pairs`, for example. */
  readonly protocol: string;
  readonly pictures: readonly ListedPicture[];
  /** Indices into `pictures`; [pairs]. */
  readonly a: Uint32Array;
  readonly b: Uint32Array;
  /** 1 where a pair shows one person; [pairs]. */
  readonly same: Uint8Array;
  /** Number of each picture's person; [pictures]. Never one number for pictures of an impostor pair. */
  readonly person: Uint32Array;
  readonly people: number;
  /** Two people who are known to be one, or to have pictures under each other's name: no pair of theirs is an impostor pair. */
  readonly aliases?: readonly (readonly [number, number])[] | undefined;
  /** Of each pair; [pairs]. */
  readonly fold: Uint16Array;
}

/** Gathers pictures by name, each once. */
export class PictureList {
  readonly #index = new Map<string, number>();
  readonly pictures: ListedPicture[] = [];
  /** The places where each picture was first named, for complaints. */
  readonly #where: string[] = [];

  /** The picture's index. @param where file and line that name it */
  add(path: string, where: string): number {
    const known = this.#index.get(path);
    if (known !== undefined) return known;
    this.#index.set(path, this.pictures.length);
    this.#where.push(where);
    return this.pictures.push({ name: path, source: path }) - 1;
  }

  /** Throws FaceError BAD_FILE for the first picture that is not there, with the line that names it. */
  async expectFiles(): Promise<void> {
    const atOnce = 64;
    for (let start = 0; start < this.pictures.length; start += atOnce) {
      const found = await Promise.all(
        this.pictures
          .slice(start, start + atOnce)
          .map(async ({ name }) => (await stat(name).catch(() => undefined))?.isFile()),
      );
      const missing = found.findIndex((file) => !file);
      if (missing === -1) continue;
      const { name } = this.pictures[start + missing]!;
      throw new FaceError("BAD_FILE", {
        where: this.#where[start + missing]!,
        expected: `the picture ${name}`,
        got: "no such file",
      });
    }
  }
}

/**
 * People from pairs alone: pictures of a genuine pair show one person, and so does everything they are paired with.
 *
 * Throws    FaceError BAD_FILE when an impostor pair turns out to be of one person by that
 */
export function peopleOfPairs(
  pictures: number,
  pairs: Pick<PairList, "a" | "b" | "same">,
  where: (pair: number) => string,
): { person: Uint32Array; people: number } {
  const parent = Uint32Array.from({ length: pictures }, (_, i) => i);
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  for (let i = 0; i < pairs.a.length; i++) if (pairs.same[i]) parent[root(pairs.a[i]!)] = root(pairs.b[i]!);
  for (let i = 0; i < pairs.a.length; i++) {
    if (pairs.same[i] || root(pairs.a[i]!) !== root(pairs.b[i]!)) continue;
    throw new FaceError("BAD_FILE", {
      where: where(i),
      expected: "pictures of two people",
      got: "two that other pairs call one person's",
    });
  }
  const numbers = new Map<number, number>();
  const person = new Uint32Array(pictures);
  for (let i = 0; i < pictures; i++) {
    const own = root(i);
    if (!numbers.has(own)) numbers.set(own, numbers.size);
    person[i] = numbers.get(own)!;
  }
  return { person, people: numbers.size };
}

/** Throws FaceError USAGE unless there are pairs of both kinds: without impostors there is no false match rate. */
export function expectBothLabels(where: string, same: Uint8Array): void {
  const genuine = same.reduce((sum, value) => sum + value, 0);
  if (genuine > 0 && genuine < same.length) return;
  throw new FaceError("USAGE", {
    where,
    expected: "pairs of one person and of different people",
    got: `${genuine} genuine and ${same.length - genuine} impostor pairs`,
  });
}
