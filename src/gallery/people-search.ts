import { cosine, type UnitVector } from "../core/index.ts";
import { PersonScores, SHORTLIST } from "./person-score.ts";
import { facesOf } from "./plans.ts";
import type { Person } from "./records.ts";
import type { GalleryStore } from "./store.ts";

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
    let best: number | null = null;
    const ids: number[] = [];
    for await (const id of facesOf(this.#store, person)) ids.push(id);
    for (const own of (await this.#store.vectors(ids)).values())
      best = Math.max(best ?? -1, cosine(own, vector));
    return best;
  }

  /** The k most similar people by score, among the k, or 4 if k is less, whose faces are nearest. */
  async nearest(vector: UnitVector, k: number): Promise<Candidate[]> {
    if (k < 1) return [];
    const hits = await this.#store.nearest(vector, Math.max(k, SHORTLIST));
    const found = await this.#store.peopleWith(hits.map(({ person }) => person));
    const people = new Map(found.map((person) => [person.id, person]));
    const there = hits.flatMap(({ person, face, cosine }) => {
      const someone = people.get(person);
      return someone ? [{ person: someone, face, cosine }] : [];
    });
    const scores = await this.#scores.of(vector, there);
    return there
      .map((each, i): Candidate => ({ ...each, similarity: scores[i]! }))
      .sort((a, b) => b.similarity - a.similarity || a.person.id - b.person.id)
      .slice(0, k);
  }
}
