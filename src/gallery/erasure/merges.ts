/** An entry of the log that merged people or took something back. */
export interface MergeEntry {
  readonly sequence: number;
  readonly kind: string;
  readonly undoes: number | null;
}

/** The effect of a merge on one of its people or faces. */
export interface MergeEffect {
  readonly sequence: number;
  /** Someone who left; null otherwise. */
  readonly left: number | null;
  /** The person who got a face, or is named as the one who stays; null otherwise. */
  readonly into: number | null;
}

/** People who became one, by a merge that nobody took back. */
interface Merge {
  readonly left: ReadonlySet<number>;
  readonly into: ReadonlySet<number>;
}

/** The people of a gallery who are one, as far as merges say so. */
export class Merges {
  readonly #merges: readonly Merge[];

  /** @param entries all merges and undos */
  constructor(entries: readonly MergeEntry[], effects: readonly MergeEffect[]) {
    const undoneBy = new Map<number, number>();
    for (const { sequence, undoes } of entries) if (undoes !== null) undoneBy.set(undoes, sequence);
    const stands = (sequence: number): boolean => {
      let standing = true;
      for (let by = undoneBy.get(sequence); by !== undefined; by = undoneBy.get(by)) standing = !standing;
      return standing;
    };
    const merges = new Map<number, { left: Set<number>; into: Set<number> }>();
    for (const { sequence, kind } of entries)
      if (kind === "merge" && stands(sequence)) merges.set(sequence, { left: new Set(), into: new Set() });
    for (const { sequence, left, into } of effects) {
      const merge = merges.get(sequence);
      if (left !== null) merge?.left.add(left);
      if (into !== null) merge?.into.add(into);
    }
    this.#merges = [...merges.values()];
  }

  /** Those who were merged into people, directly or in turn. */
  mergedInto(people: Iterable<number>): Set<number> {
    return this.#reach(people, ({ left, into }) => ({ from: into, to: left }));
  }

  /** Those whom people became by merging, directly or in turn. */
  became(people: Iterable<number>): Set<number> {
    return this.#reach(people, ({ left, into }) => ({ from: left, to: into }));
  }

  #reach(
    people: Iterable<number>,
    directed: (merge: Merge) => { from: ReadonlySet<number>; to: ReadonlySet<number> },
  ): Set<number> {
    const reached = new Set(people);
    for (let size = -1; size !== reached.size; ) {
      size = reached.size;
      for (const merge of this.#merges) {
        const { from, to } = directed(merge);
        if ([...from].some((id) => reached.has(id))) for (const id of to) reached.add(id);
      }
    }
    return reached;
  }
}
