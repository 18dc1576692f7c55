import type { Board } from "./best-neighbours.ts";

/** The number that is gathered before those that have become hopeless are thrown out. */
const CROWD = 4096;

/** The floor under cosines as they are before `core/cosine` clamps them: at −1 it excludes nothing. */
export function unclampedFloor(floor: number): number {
  return floor <= -1 ? Number.NEGATIVE_INFINITY : floor;
}

/**
 * Rows that may be among the best, each with the highest cosine it can have.
 *
 * While they are gathered, the k-th best of the lowest cosines they can have is the floor below which nothing can
 * matter any more.
 */
export class Candidates {
  readonly #lowest: Board;
  #rows: number[] = [];
  #highest: number[] = [];
  #crowd = CROWD;

  /** @param lowest ranks candidates by the lowest cosine they can have */
  constructor(lowest: Board) {
    this.#lowest = lowest;
  }

  get floor(): number {
    return unclampedFloor(this.#lowest.floor);
  }

  /** Takes a row over unless it is hopeless. The true cosine, before it is clamped, lies within `radius` of `cosine`. */
  add(row: number, cosine: number, radius: number, id: number, group: number | undefined): void {
    // `core/cosine` clamps to [−1, 1]; so must its bounds, or a clamped cosine could lie outside of them.
    const highest = Math.max(-1, cosine + radius);
    if (highest < this.floor) return;
    this.#lowest.offer(Math.max(-1, Math.min(1, cosine - radius)), id, group);
    this.#rows.push(row);
    this.#highest.push(highest);
    if (this.#rows.length >= this.#crowd) {
      this.#keepFrom(this.floor);
      this.#crowd = Math.max(CROWD, this.#rows.length * 2);
    }
  }

  /** Takes over what another thread gathered. */
  addAll(rows: readonly number[], highest: readonly number[]): void {
    for (const row of rows) this.#rows.push(row);
    for (const value of highest) this.#highest.push(value);
  }

  /** Candidates that can still be among the best. */
  left(): { readonly rows: readonly number[]; readonly highest: readonly number[] } {
    this.#keepFrom(this.floor);
    return { rows: this.#rows, highest: this.#highest };
  }

  /**
   * Offers true cosines to `best`, from the candidate with the highest bound down, until its floor lies above every
   * bound that is left: then no other row can be among the best, ties included.
   *
   * @param cosineOf the true cosine of a row; undefined for one that is gone
   */
  settle(
    best: Board,
    cosineOf: (row: number) => number | undefined,
    idOf: (row: number) => number,
    groupOf: (row: number) => number | undefined,
  ): void {
    const { rows, highest } = this.left();
    const order = rows.map((_, i) => i).sort((a, b) => highest[b]! - highest[a]!);
    for (const i of order) {
      if (highest[i]! < best.floor) return;
      const cosine = cosineOf(rows[i]!);
      if (cosine !== undefined) best.offer(cosine, idOf(rows[i]!), groupOf(rows[i]!));
    }
  }

  #keepFrom(floor: number): void {
    const kept = this.#highest.map((value) => value >= floor);
    this.#rows = this.#rows.filter((_, i) => kept[i]!);
    this.#highest = this.#highest.filter((_, i) => kept[i]!);
  }
}
