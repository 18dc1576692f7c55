/** Two groups that may be joined, and how alike they are. */
export interface Merge {
  readonly a: number;
  readonly b: number;
  /** The mean cosine over all pairs of a face of one and a face of the other. */
  readonly likeness: number;
}

/** Merges by falling likeness; equal ones by the groups' numbers, so that the order never depends on that of adding. */
export class MergeQueue {
  readonly #heap: Merge[] = [];

  push(merge: Merge): void {
    const heap = this.#heap;
    let place = heap.push(merge) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(merge, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = merge;
  }

  pop(): Merge | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(x: Merge, y: Merge): boolean {
  if (x.likeness !== y.likeness) return x.likeness > y.likeness;
  return x.a !== y.a ? x.a < y.a : x.b < y.b;
}
