/** People who are kept one by one: those whose faces lie farthest apart. */
const KEPT = 32;

/**
 * The distance of people's faces from each other, by the length R of the mean of their unit vectors: 1 where all are alike.
 *
 * The mean's cosine with a query is the mean of the faces' cosines over R, so at most the nearest face's over R. The smaller R,
 * the less the nearest face says about the mean. The people with the smallest are kept by name; of all others it is known how
 * small R is at least, so that one person with two people's photographs does not spoil the bound for everybody.
 */
export class Scatter {
  readonly #kept = new Map<number, number>();
  #rest = 1;

  /** Sets a person's R; 1 takes the person out. */
  set(person: number, length: number): void {
    this.#kept.delete(person);
    if (!(length < this.#rest)) return;
    this.#kept.set(person, length);
    if (this.#kept.size <= 2 * KEPT) return;
    const rising = [...this.#kept].sort(([, a], [, b]) => a - b);
    this.#rest = rising[KEPT]![1];
    for (const [other] of rising.slice(KEPT)) this.#kept.delete(other);
  }

  /** People of whom nothing is known but their faces. */
  get people(): readonly number[] {
    return [...this.#kept.keys()];
  }

  /** The highest cosine that the mean of anybody else's faces can have with a query of which no face of theirs is nearer. */
  highestMean(nearest: number): number {
    return nearest > 0 ? Math.min(1, nearest / this.#rest) : nearest;
  }

  /** The lowest cosine that the nearest face of anybody else can have where half of it and half of the mean's make a score. */
  lowestNearest(score: number): number {
    if (score <= 0) return score;
    return Math.max(2 * score - 1, (2 * score * this.#rest) / (1 + this.#rest));
  }
}

/** Adds up the faces of people as they come, and tells the length of the mean once a person's last face was added. */
export class MeanLengths {
  readonly #left: Map<number, number>;
  readonly #sums = new Map<number, { readonly sum: Float64Array; faces: number }>();
  readonly #most: number;

  /**
   * @param faces of each person who has several
   * @param most faces of a person that the mean is of, the first ones
   */
  constructor(faces: ReadonlyMap<number, number>, most: number) {
    this.#left = new Map(faces);
    this.#most = most;
  }

  /** Returns   the length, with the person's last face; undefined before, and of people with one face */
  add(person: number, vector: ArrayLike<number>): number | undefined {
    const left = this.#left.get(person);
    if (left === undefined) return undefined;
    const own = this.#sums.get(person) ?? { sum: new Float64Array(vector.length), faces: 0 };
    this.#sums.set(person, own);
    if (own.faces < this.#most) {
      own.faces++;
      for (let i = 0; i < vector.length; i++) own.sum[i]! += vector[i]!;
    }
    this.#left.set(person, left - 1);
    if (left > 1) return undefined;
    this.#sums.delete(person);
    this.#left.delete(person);
    return Math.sqrt(own.sum.reduce((square, x) => square + x * x, 0)) / own.faces;
  }
}
