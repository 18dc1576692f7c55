const EMPTY = -1;

/**
 * The row of each id: an open-addressing table of row numbers, 6 to 12 bytes an id once there are many.
 *
 * The ids themselves stay with the rows, and are asked for.
 */
export class IdTable {
  readonly #idOf: (row: number) => number;
  #slots = new Int32Array(16).fill(EMPTY);
  #count = 0;

  /** @param idOf the id of a row that is in the table */
  constructor(idOf: (row: number) => number) {
    this.#idOf = idOf;
  }

  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** The row of an id; undefined when it is not there. */
  get(id: number): number | undefined {
    const row = this.#slots[this.#find(id)]!;
    return row === EMPTY ? undefined : row;
  }

  /** Puts an id at a row, whether it is there or not. */
  set(id: number, row: number): void {
    const slot = this.#find(id);
    if (this.#slots[slot] === EMPTY) this.#count++;
    this.#slots[slot] = row;
    if (this.#count * 3 > this.#slots.length * 2) this.#grow();
  }

  /** Takes an id out that is there. Its row must still know its id. */
  delete(id: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#find(id);
    slots[hole] = EMPTY;
    this.#count--;
    // Ids that had to make way for this one move up, so that no search ends early.
    for (let slot = (hole + 1) & mask; slots[slot] !== EMPTY; slot = (slot + 1) & mask) {
      const home = this.#home(this.#idOf(slots[slot]!));
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot]!;
      slots[slot] = EMPTY;
      hole = slot;
    }
  }

  /** The slot that holds an id, or the empty one where it would go. */
  #find(id: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#home(id);
    for (let row = this.#slots[slot]!; row !== EMPTY && this.#idOf(row) !== id; row = this.#slots[slot]!)
      slot = (slot + 1) & mask;
    return slot;
  }

  #home(id: number): number {
    let hash = Math.imul(id | 0, 0x9e3779b1) ^ Math.imul((id / 2 ** 32) | 0, 0x85ebca6b);
    hash ^= hash >>> 15;
    return hash & (this.#slots.length - 1);
  }

  #grow(): void {
    const rows = this.#slots;
    this.#slots = new Int32Array(rows.length * 2).fill(EMPTY);
    for (const row of rows) if (row !== EMPTY) this.#slots[this.#find(this.#idOf(row))] = row;
  }
}
