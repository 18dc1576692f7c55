import { cosine, FaceError } from "../core/index.ts";
import type { StudyFace } from "./collect-faces.ts";

/** More faces than this would not fit a page, nor their pairs memory. */
export const MAX_FACES = 10_000;

/** A pair of faces by their indices, first < second, with its cosine. */
export interface ScoredPair {
  readonly first: number;
  readonly second: number;
  readonly cosine: number;
}

/** The faces of a study by person, with the cosine of every pair, computed once. */
export class PairScores {
  /** People by name, in the order of their first face. */
  readonly people: readonly string[];
  /** Index into `people` of every face. */
  readonly person: readonly number[];
  /** Faces of every person. */
  readonly facesOf: readonly (readonly number[])[];
  /** Row by row the cosines with all faces before: [N·(N−1)/2]. */
  readonly #cosines: Float32Array;

  /** Throws FaceError USAGE for more than {@link MAX_FACES} faces. */
  constructor(faces: readonly Pick<StudyFace, "person" | "embedding">[]) {
    if (faces.length > MAX_FACES)
      throw new FaceError("USAGE", {
        where: "study",
        expected: `at most ${MAX_FACES} faces`,
        got: faces.length,
      });
    this.people = [...new Set(faces.map(({ person }) => person))];
    const indexOf = new Map(this.people.map((person, i) => [person, i]));
    this.person = faces.map(({ person }) => indexOf.get(person)!);
    const facesOf: number[][] = this.people.map(() => []);
    this.person.forEach((person, face) => void facesOf[person]!.push(face));
    this.facesOf = facesOf;
    this.#cosines = new Float32Array((faces.length * (faces.length - 1)) / 2);
    let at = 0;
    for (let i = 1; i < faces.length; i++) {
      const embedding = faces[i]!.embedding;
      for (let j = 0; j < i; j++) this.#cosines[at++] = cosine(embedding, faces[j]!.embedding);
    }
  }

  get faces(): number {
    return this.person.length;
  }

  /** The cosine of two faces; 1 of a face with itself. */
  of(a: number, b: number): number {
    if (a === b) return 1;
    const [low, high] = a < b ? [a, b] : [b, a];
    return this.#cosines[(high * (high - 1)) / 2 + low]!;
  }

  isGenuine(a: number, b: number): boolean {
    return this.person[a] === this.person[b];
  }

  /** Every pair, ordered by its later face. */
  *pairs(): Generator<ScoredPair> {
    let at = 0;
    for (let second = 1; second < this.faces; second++) {
      for (let first = 0; first < second; first++) yield { first, second, cosine: this.#cosines[at++]! };
    }
  }

  /** The cosines of one person's pairs and of different people's. */
  byKind(): { genuine: Float32Array; impostor: Float32Array } {
    const own = this.facesOf.reduce((sum, faces) => sum + (faces.length * (faces.length - 1)) / 2, 0);
    const genuine = new Float32Array(own);
    const impostor = new Float32Array(this.#cosines.length - own);
    let [g, n, at] = [0, 0, 0];
    for (let i = 1; i < this.faces; i++) {
      for (let j = 0; j < i; j++, at++) {
        if (this.person[i] === this.person[j]) genuine[g++] = this.#cosines[at]!;
        else impostor[n++] = this.#cosines[at]!;
      }
    }
    return { genuine, impostor };
  }

  /**
   * Pairs of different people by falling cosine, ties by index: at least the `count` highest, and with them all that
   * score as high as the last.
   */
  highestImpostors(count: number): ScoredPair[] {
    const sorted = this.byKind().impostor.sort();
    const least = sorted[Math.max(0, sorted.length - count)] ?? 1;
    const highest: ScoredPair[] = [];
    for (const pair of this.pairs()) {
      if (pair.cosine >= least && !this.isGenuine(pair.first, pair.second)) highest.push(pair);
    }
    return highest.sort(byFallingCosine);
  }

  /**
   * The highest pairs of different people, with at most `each` pairs of the same two people among them, at most
   * `count` in all.
   */
  highestImpostorsByPeople(count: number, each: number): ScoredPair[] {
    const all = (this.faces * (this.faces - 1)) / 2;
    for (let looked = 1000 * count; ; looked *= 8) {
      const taken = new Map<number, number>();
      const chosen = this.highestImpostors(looked).filter(({ first, second }) => {
        const [a, b] = [this.person[first]!, this.person[second]!];
        const key = Math.min(a, b) * this.people.length + Math.max(a, b);
        const before = taken.get(key) ?? 0;
        taken.set(key, before + 1);
        return before < each;
      });
      // The highest may all be of the same two people, who have many faces: then look further down.
      if (chosen.length >= count || looked >= all) return chosen.slice(0, count);
    }
  }
}

/** Higher cosines first, ties by the faces' indices. */
export function byFallingCosine(a: ScoredPair, b: ScoredPair): number {
  return b.cosine - a.cosine || a.first - b.first || a.second - b.second;
}
