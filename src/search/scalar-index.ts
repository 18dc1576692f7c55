import { cosine, FaceError, throwIfAborted, type UnitVector, type WorkOptions } from "../core/index.ts";
import { BestList } from "./best-list.ts";
import {
  checkGoal,
  checkKey,
  checkVector,
  type GroupNeighbour,
  type IndexMemory,
  type Neighbour,
  type NeighbourOptions,
  type VectorIndex,
} from "./vector-index.ts";

interface Entry {
  readonly vector: UnitVector;
  readonly group: number | undefined;
}

/**
 * The readable twin of `ExactIndex`: every query is compared with every vector, in the order of adding.
 *
 * Good for a few thousand vectors, and for saying what the fast one has to answer.
 */
export class ScalarIndex implements VectorIndex {
  readonly #entries = new Map<number, Entry>();
  #dimension: number | undefined;

  constructor(options: { readonly dimension?: number } = {}) {
    this.#dimension = options.dimension;
  }

  get size(): number {
    return this.#entries.size;
  }

  get dimension(): number | undefined {
    return this.#dimension;
  }

  add(id: number, vector: UnitVector, group?: number): void {
    if (this.#entries.has(id))
      throw new FaceError("USAGE", { where: "search", expected: "an id that is not there yet", got: id });
    this.#set(id, vector, group);
  }

  replace(id: number, vector: UnitVector, group?: number): void {
    if (!this.#entries.has(id))
      throw new FaceError("USAGE", { where: "search", expected: "an id that is there", got: id });
    this.#set(id, vector, group);
  }

  remove(id: number): boolean {
    return this.#entries.delete(id);
  }

  has(id: number): boolean {
    return this.#entries.has(id);
  }

  groupOf(id: number): number | undefined {
    return this.#entries.get(id)?.group;
  }

  search(query: UnitVector, { k, filter, floor = -1 }: NeighbourOptions): Neighbour[] {
    checkGoal({ k, floor });
    checkVector(query, this.#dimension);
    const best = new BestList<Neighbour>(k);
    for (const [id, { vector, group }] of this.#entries) {
      if (filter && !filter(id, group)) continue;
      const score = cosine(query, vector);
      if (score < floor) continue;
      best.offer(score, id, { id, cosine: score });
    }
    return best.items();
  }

  searchGroups(query: UnitVector, { k, filter, floor }: NeighbourOptions): GroupNeighbour[] {
    checkGoal({ k, floor });
    const nearest = new Map<number, GroupNeighbour>();
    for (const { id, cosine } of this.search(query, { k: Math.max(1, this.size), filter, floor })) {
      const group = this.groupOf(id);
      if (group !== undefined && !nearest.has(group)) nearest.set(group, { id, group, cosine });
    }
    return [...nearest.values()].slice(0, k);
  }

  async searchBatch(
    queries: readonly UnitVector[],
    { signal, onProgress, ...options }: NeighbourOptions & WorkOptions,
  ): Promise<Neighbour[][]> {
    return queries.map((query, done) => {
      throwIfAborted(signal);
      const found = this.search(query, options);
      onProgress?.({ stage: "search", done: done + 1, total: queries.length });
      return found;
    });
  }

  memory(): IndexMemory {
    const vectors = this.size;
    const exactBytes = vectors * 4 * (this.#dimension ?? 0);
    return { vectors, bytes: exactBytes, scanBytes: 0, exactBytes, lookupBytes: 0 };
  }

  #set(id: number, vector: UnitVector, group: number | undefined): void {
    checkKey("id", id);
    if (group !== undefined) checkKey("group", group);
    checkVector(vector, this.#dimension);
    this.#dimension = vector.length;
    this.#entries.set(id, { vector: Float32Array.from(vector) as unknown as UnitVector, group });
  }
}
