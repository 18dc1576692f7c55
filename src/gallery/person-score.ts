import { cosine, FaceError, normalize, type UnitVector } from "../core/index.ts";
import type { Person } from "./records.ts";
import type { GalleryStore } from "./store.ts";

/**
 * People, by their nearest faces, among whom the one with the highest score is looked for first; where the store knows how far
 * apart people's faces lie, among more until nobody else can have a higher one.
 */
export const SHORTLIST = 4;

/**
 * From how far apart the scores of two people say which of them it is. Of 1,000 people of LFW with one photograph, closer
 * scores were behind half of the wrong names and 1 in 1,000 of the right ones (`bench identify`, `fr-feature-512`).
 */
export const TOO_CLOSE = 0.05;

/** Faces of a person that the mean is of: the first ones. */
export const MOST_FACES = 256;
/** Means that are kept between questions. */
const MOST_KEPT = 4096;

/**
 * The resemblance of someone to a query: half the cosine with the nearest of their faces, half that with the mean of their
 * faces. One face may be near by chance, the mean of several is not so easily.
 */
export function personScore(nearest: number, mean: number): number {
  return (nearest + mean) / 2;
}

/** The direction of the mean of faces; undefined when they cancel each other out. */
export function meanDirection(vectors: Iterable<UnitVector>): UnitVector | undefined {
  let sum: Float32Array | undefined;
  for (const vector of vectors) {
    sum ??= new Float32Array(vector.length);
    for (let i = 0; i < vector.length; i++) sum[i]! += vector[i]!;
  }
  return sum?.some((value) => value !== 0) ? normalize(sum) : undefined;
}

/** One face, or several of one person. */
export type Query = UnitVector | readonly UnitVector[];

/**
 * Several faces of one person as one query: scores with the direction, times the factor, are the means of the scores with each.
 *
 * Throws    FaceError ZERO_VECTOR for faces that cancel each other out; USAGE for none
 */
export function directionOf(query: Query): { readonly direction: UnitVector; readonly factor: number } {
  if (!Array.isArray(query)) return { direction: query as UnitVector, factor: 1 };
  const vectors = query as readonly UnitVector[];
  if (vectors.length === 0)
    throw new FaceError("USAGE", { where: "faces", expected: "at least one", got: "none" });
  if (vectors.length === 1) return { direction: vectors[0]!, factor: 1 };
  const mean = new Float32Array(vectors[0]!.length);
  for (const vector of vectors) for (let i = 0; i < mean.length; i++) mean[i]! += vector[i]! / vectors.length;
  return { direction: normalize(mean), factor: Math.hypot(...mean) };
}

/** Scores of people of a gallery. Means are computed when they are first asked for and kept until the gallery changes. */
export class PersonScores {
  readonly #store: GalleryStore;
  readonly #means = new Map<number, UnitVector>();
  /** State of the gallery that the means are of. */
  #sequence = -1;

  constructor(store: GalleryStore) {
    this.#store = store;
  }

  /**
   * The score of each.
   *
   * @param people with the cosine of their nearest face
   */
  async of(
    query: UnitVector,
    people: readonly { readonly person: Person; readonly cosine: number }[],
  ): Promise<number[]> {
    const several = people.filter(({ person }) => person.faces > 1);
    const means = several.length > 0 ? await this.meansOf(several.map(({ person }) => person.id)) : undefined;
    return people.map(({ person, cosine: nearest }) => {
      const mean = means?.get(person.id);
      return mean ? personScore(nearest, cosine(query, mean)) : nearest;
    });
  }

  /** Directions of the means of people's faces; of nobody whose faces cancel each other out. */
  async meansOf(people: readonly number[]): Promise<Map<number, UnitVector>> {
    // Asked before anything is read: what changes meanwhile is read anew with the next question.
    const sequence = await this.#store.latest();
    if (sequence !== this.#sequence || this.#means.size + people.length > MOST_KEPT) this.#means.clear();
    this.#sequence = sequence;
    const found = new Map<number, UnitVector>();
    for (const person of people) {
      const mean = this.#means.get(person) ?? (await this.#meanOf(person));
      if (mean) found.set(person, mean);
    }
    if (sequence === this.#sequence) for (const [person, mean] of found) this.#means.set(person, mean);
    return found;
  }

  async #meanOf(person: number): Promise<UnitVector | undefined> {
    const faces = await this.#store.faces({ limit: MOST_FACES }, person);
    return meanDirection((await this.#store.vectors(faces.map(({ id }) => id))).values());
  }
}
