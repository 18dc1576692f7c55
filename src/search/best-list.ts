/** The k best of what is offered, in order: larger scores first, equal scores by smaller key. */
export class BestList<T> {
  readonly #k: number;
  readonly #items: { readonly score: number; readonly key: number; readonly item: T }[] = [];

  constructor(k: number) {
    this.#k = k;
  }

  /** The score that has to be reached from now on; −∞ while there is room. */
  get floor(): number {
    return this.#items.length < this.#k ? Number.NEGATIVE_INFINITY : this.#items[this.#k - 1]!.score;
  }

  /** Takes an item over when it is among the k best so far. */
  offer(score: number, key: number, item: T): void {
    if (this.#items.length === this.#k && !this.#before(score, key, this.#k - 1)) return;
    let [low, high] = [0, this.#items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#before(score, key, middle)) high = middle;
      else low = middle + 1;
    }
    this.#items.splice(low, 0, { score, key, item });
    if (this.#items.length > this.#k) this.#items.pop();
  }

  /** The items, best first. */
  items(): T[] {
    return this.#items.map(({ item }) => item);
  }

  #before(score: number, key: number, place: number): boolean {
    const other = this.#items[place]!;
    return score > other.score || (score === other.score && key < other.key);
  }
}
