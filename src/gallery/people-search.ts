import { cosine, type UnitVector } from "../core/index.ts";
import { PersonScores, personScore, SHORTLIST } from "./person-score.ts";
import { facesOf } from "./plans.ts";
import type { Person, PersonHit } from "./records.ts";
import type { Scatter } from "./scatter.ts";
import type { GalleryStore } from "./store.ts";

/** The factor by which more people are looked at where somebody else may still score higher. */
const DEEPER = 4;
/** Above what float32 cosines of unit vectors are off by. */
const ROUNDING = 1e-5;

/** Someone who resembles a query. */
export interface Candidate {
  readonly person: Person;
  /** The face that does most. */
  readonly face: number;
  /** With that face. */
  readonly cosine: number;
  /** With that face and the mean of the person's faces: {@link personScore}. */
  readonly similarity: number;
}

/** The people that count in a search. */
export interface Wanted {
  /** Nobody below is wanted for certain: looking ends where nobody else can reach it. */
  readonly bar?: number;
  /** Nobody below is told, so that faces which nobody like that can have are not looked for. */
  readonly floor?: number | undefined;
}

/** The people of a gallery by how much they resemble a face, or one another. */
export class PeopleSearch {
  readonly #store: GalleryStore;
  readonly #scores: PersonScores;

  constructor(store: GalleryStore) {
    this.#store = store;
    this.#scores = new PersonScores(store);
  }

  /** The highest cosine of a face with somebody's; null when they have none. */
  async highestWith(person: number, vector: UnitVector): Promise<number | null> {
    return (await this.#nearestOf(person, vector))?.cosine ?? null;
  }

  /**
   * The k most similar people by score. Where the store does not know how far apart people's faces lie, among the k, or 4 if
   * k is less, whose faces are nearest.
   *
   * People are taken by their nearest faces until nobody else can have a higher score: whose nearest face has a cosine of c
   * has a mean with at most c / R, see {@link Scatter}. Of the few with a small R the mean is looked at.
   */
  async nearest(vector: UnitVector, k: number, wanted: Wanted = {}): Promise<Candidate[]> {
    if (k < 1) return [];
    const { bar: lowest = Number.NEGATIVE_INFINITY, floor = Number.NEGATIVE_INFINITY } = wanted;
    const told = ({ similarity }: Candidate): boolean => similarity >= floor;
    for (let depth = Math.max(k, SHORTLIST); ; ) {
      const from = lowestNearest(this.#store.scatter, floor);
      const hits = await this.#store.nearest(vector, depth, from);
      const { scatter } = this.#store;
      // The gallery has changed, and faces that were not looked for may count.
      if (lowestNearest(scatter, floor) < from) continue;
      const found = (await this.#scored(vector, hits)).filter(told);
      const everybody = hits.length < depth && from === Number.NEGATIVE_INFINITY;
      if (!scatter || everybody) return found.slice(0, k);
      const last = hits.length < depth ? from : hits.at(-1)!.cosine;
      const bar = (): number => Math.max(lowest, floor, found[k - 1]?.similarity ?? Number.NEGATIVE_INFINITY);
      const seen = new Set(hits.map(({ person }) => person));
      const apart = scatter.people.filter((person) => !seen.has(person));
      if (hits.length === depth && personScore(last, scatter.highestMean(last)) + ROUNDING > bar()) {
        depth *= DEEPER;
        continue;
      }
      if (apart.length > 0) found.push(...(await this.#reaching(vector, apart, last, bar())).filter(told));
      return found.sort(byScore).slice(0, k);
    }
  }

  /** Picks from some people those who may score so high, with their nearest faces. @param last cosine that none of their faces exceeds */
  async #reaching(
    vector: UnitVector,
    people: readonly number[],
    last: number,
    bar: number,
  ): Promise<Candidate[]> {
    const means = await this.#scores.meansOf(people);
    const hits: PersonHit[] = [];
    for (const person of people) {
      const mean = means.get(person);
      const most = mean ? personScore(last, cosine(mean, vector)) : last;
      if (most + ROUNDING <= bar) continue;
      const nearest = await this.#nearestOf(person, vector);
      if (nearest) hits.push({ person, ...nearest });
    }
    return await this.#scored(vector, hits);
  }

  async #nearestOf(
    person: number,
    vector: UnitVector,
  ): Promise<{ readonly face: number; readonly cosine: number } | undefined> {
    let best: { readonly face: number; readonly cosine: number } | undefined;
    const ids: number[] = [];
    for await (const id of facesOf(this.#store, person)) ids.push(id);
    for (const [face, own] of await this.#store.vectors(ids)) {
      const score = cosine(own, vector);
      if (best === undefined || score > best.cosine) best = { face, cosine: score };
    }
    return best;
  }

  /** By falling score. */
  async #scored(vector: UnitVector, hits: readonly PersonHit[]): Promise<Candidate[]> {
    const found = await this.#store.peopleWith(hits.map(({ person }) => person));
    const people = new Map(found.map((person) => [person.id, person]));
    const there = hits.flatMap(({ person, face, cosine }) => {
      const someone = people.get(person);
      return someone ? [{ person: someone, face, cosine }] : [];
    });
    const scores = await this.#scores.of(vector, there);
    return there.map((each, i): Candidate => ({ ...each, similarity: scores[i]! })).sort(byScore);
  }
}

/** The lowest cosine that the nearest face of somebody with a score can have; −∞ where that is not known. */
function lowestNearest(scatter: Scatter | undefined, score: number): number {
  if (!scatter || score <= -1) return Number.NEGATIVE_INFINITY;
  return scatter.lowestNearest(score) - ROUNDING;
}

function byScore(a: Candidate, b: Candidate): number {
  return b.similarity - a.similarity || a.person.id - b.person.id;
}
