import type { UnitVector } from "../core/index.ts";

const BLOCK = 1024;

/** float32 vectors by row: what an index keeps that has no other source for them. */
export class VectorRows {
  readonly #dimension: number;
  readonly #blocks: Float32Array[] = [];

  constructor(dimension: number) {
    this.#dimension = dimension;
  }

  get bytes(): number {
    return this.#blocks.length * BLOCK * this.#dimension * 4;
  }

  /** A view of the row, good until the row is set again. */
  get(row: number): UnitVector {
    const start = (row % BLOCK) * this.#dimension;
    const block = this.#blocks[Math.floor(row / BLOCK)]!;
    return block.subarray(start, start + this.#dimension) as unknown as UnitVector;
  }

  set(row: number, vector: UnitVector): void {
    const block = Math.floor(row / BLOCK);
    this.#blocks[block] ??= new Float32Array(BLOCK * this.#dimension);
    this.#blocks[block].set(vector as unknown as ArrayLike<number>, (row % BLOCK) * this.#dimension);
  }
}
