import { BestList } from "./best-list.ts";
import type { GroupNeighbour, Neighbour } from "./vector-index.ts";

/** Keeps the k best of what it is offered: vectors, or groups by their best vector. */
export interface Board {
  /** The score that has to be reached from now on to matter; the least wanted while there is room. Never falls. */
  readonly floor: number;
  offer(score: number, id: number, group: number | undefined): void;
  /** The best, best first. */
  items(): Neighbour[];
}

/** A search ranks vectors or groups, and returns the best k. */
export interface SearchGoal {
  readonly kind: "vectors" | "groups";
  readonly k: number;
  /** The lowest score that is wanted. @default −∞ */
  readonly least?: number | undefined;
}

export function boardFor({ kind, k, least }: SearchGoal): Board {
  return kind === "groups" ? new BestGroups(k, least) : new BestNeighbours(k, least);
}

/** The k best vectors. */
export class BestNeighbours implements Board {
  readonly #best: BestList<Neighbour>;
  readonly #least: number;

  constructor(k: number, least = Number.NEGATIVE_INFINITY) {
    this.#best = new BestList(k);
    this.#least = least;
  }

  get floor(): number {
    return Math.max(this.#least, this.#best.floor);
  }

  offer(score: number, id: number): void {
    if (score >= this.floor) this.#best.offer(score, id, { id, cosine: score });
  }

  items(): Neighbour[] {
    return this.#best.items();
  }
}

/** The k best groups, each by its best vector. Vectors without a group are passed over. */
export class BestGroups implements Board {
  readonly #k: number;
  readonly #least: number;
  /** Best first. A group that fell out can only come back with a better vector, so it need not be remembered. */
  readonly #items: GroupNeighbour[] = [];

  constructor(k: number, least = Number.NEGATIVE_INFINITY) {
    this.#k = k;
    this.#least = least;
  }

  get floor(): number {
    return this.#items.length < this.#k ? this.#least : this.#items[this.#k - 1]!.cosine;
  }

  offer(score: number, id: number, group: number | undefined): void {
    if (group === undefined || score < this.floor) return;
    const items = this.#items;
    const known = items.findIndex((item) => item.group === group);
    if (known >= 0) {
      if (!isBefore(score, id, items[known]!)) return;
      items.splice(known, 1);
    }
    const place = items.findIndex((item) => isBefore(score, id, item));
    items.splice(place < 0 ? items.length : place, 0, { id, group, cosine: score });
    if (items.length > this.#k) items.pop();
  }

  items(): GroupNeighbour[] {
    return [...this.#items];
  }
}

function isBefore(score: number, id: number, other: Neighbour): boolean {
  return score > other.cosine || (score === other.cosine && id < other.id);
}
