import { cosine, FaceError, type UnitVector } from "../core/index.ts";

/** A neighbour: a key, and the best of the vectors added under it. */
export interface Hit {
  readonly key: string;
  /** Which of the key's vectors it was, in the order they were added, from 0. */
  readonly vector: number;
  /** In [−1, 1]. */
  readonly cosine: number;
}

/** Narrows a search. */
export interface SearchOptions {
  /** Keys for which this is true are left out. */
  readonly exclude?: (key: string) => boolean;
}

/**
 * Nearest neighbours by comparing with every vector: exact, and deterministic down to ties, which go by key.
 *
 * Several vectors may share a key, such as the faces of one photograph or the photographs of one person; a key is
 * as near as the nearest of them.
 */
export class ExactIndex {
  readonly #vectors = new Map<string, UnitVector[]>();
  #dimension: number | undefined;

  /** How many keys there are. */
  get size(): number {
    return this.#vectors.size;
  }

  /** Throws FaceError SHAPE when the dimension differs from that of the vectors already there. */
  add(key: string, vector: UnitVector): void {
    this.#dimension ??= vector.length;
    if (this.#dimension !== vector.length) {
      throw new FaceError(
        "SHAPE",
        `search: expected a vector of dimension ${this.#dimension}, got ${vector.length}`,
      );
    }
    const vectors = this.#vectors.get(key);
    if (vectors) vectors.push(vector);
    else this.#vectors.set(key, [vector]);
  }

  /**
   * The k nearest keys by falling cosine; fewer when there are fewer.
   *
   * Throws    FaceError USAGE unless k is a whole number above 0, SHAPE for a query of another dimension
   */
  search(query: UnitVector, k: number, options: SearchOptions = {}): Hit[] {
    if (!Number.isInteger(k) || k < 1)
      throw new FaceError("USAGE", `search: expected k to be 1 or more, got ${k}`);
    const best: Hit[] = [];
    for (const [key, vectors] of this.#vectors) {
      if (options.exclude?.(key)) continue;
      const hit = nearestOf(key, vectors, query);
      if (best.length === k && !isBefore(hit, best[k - 1]!)) continue;
      let place = best.length;
      while (place > 0 && isBefore(hit, best[place - 1]!)) place--;
      best.splice(place, 0, hit);
      if (best.length > k) best.pop();
    }
    return best;
  }
}

function nearestOf(key: string, vectors: readonly UnitVector[], query: UnitVector): Hit {
  const scores = vectors.map((vector) => cosine(query, vector));
  const vector = scores.indexOf(Math.max(...scores));
  return { key, vector, cosine: scores[vector]! };
}

function isBefore(a: Hit, b: Hit): boolean {
  return a.cosine > b.cosine || (a.cosine === b.cosine && a.key < b.key);
}
