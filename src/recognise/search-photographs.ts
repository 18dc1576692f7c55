import type { Box, UnitVector } from "../core/index.ts";
import { ExactIndex } from "../search/index.ts";

/** A face with its vector, wherever it came from: a photograph just seen or a file of embeddings. */
export interface EmbeddedFace {
  readonly box: Box<"image">;
  readonly embedding: UnitVector;
}

/** A photograph that resembles a query, by its most similar face. */
export interface PhotographHit {
  readonly path: string;
  /** Index of that face in its photograph. */
  readonly face: number;
  readonly box: Box<"image">;
  /** In [−1, 1]. */
  readonly cosine: number;
}

/** Photographs searched by face: a photograph is as similar as the most similar of its faces. */
export class PhotographIndex {
  readonly #index = new ExactIndex();
  readonly #faces = new Map<string, EmbeddedFace[]>();

  /** How many photographs with at least one face there are. */
  get size(): number {
    return this.#faces.size;
  }

  /** How many faces there are. */
  get faceCount(): number {
    return [...this.#faces.values()].reduce((sum, { length }) => sum + length, 0);
  }

  add(path: string, faces: readonly EmbeddedFace[]): void {
    for (const face of faces) {
      this.#index.add(path, face.embedding);
      const known = this.#faces.get(path);
      if (known) known.push(face);
      else this.#faces.set(path, [face]);
    }
  }

  /** Faces of a photograph that was added; undefined for another. */
  faces(path: string): readonly EmbeddedFace[] | undefined {
    return this.#faces.get(path);
  }

  /** The k most similar photographs by falling cosine, without the query's own. */
  search(query: UnitVector, k: number, queryPath?: string): PhotographHit[] {
    const hits = this.#index.search(query, k, { exclude: (path) => path === queryPath });
    return hits.map(({ key, vector, cosine }) => ({
      path: key,
      face: vector,
      box: this.#faces.get(key)![vector]!.box,
      cosine,
    }));
  }
}
