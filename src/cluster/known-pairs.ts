import { FaceError } from "../core/index.ts";

/** Somebody's word about two faces, by their places in the list of faces. It goes before what their vectors say. */
export interface KnownPair {
  readonly kind: "same" | "different";
  readonly faces: readonly [number, number];
}

/** Known pairs of faces, followed through: who is the same as the same is the same. */
export class KnownPairs {
  readonly #parent: Int32Array;
  readonly #apart = new Map<number, number[]>();

  /**
   * @param count faces
   * Throws    FaceError USAGE for a face that is not there, CONFLICT for words that contradict each other
   */
  constructor(count: number, pairs: readonly KnownPair[]) {
    this.#parent = Int32Array.from({ length: count }, (_, face) => face);
    for (const { faces } of pairs) {
      const odd = faces.find((face) => !(face >= 0 && face < count && Number.isInteger(face)));
      if (odd === undefined) continue;
      throw new FaceError("USAGE", { where: "cluster", expected: `faces from 0 to ${count - 1}`, got: odd });
    }
    for (const { kind, faces } of pairs)
      if (kind === "same") this.#parent[this.#root(faces[0])] = this.#root(faces[1]);
    for (const { kind, faces } of pairs) {
      if (kind === "same") continue;
      const [a, b] = faces;
      if (this.#root(a) === this.#root(b))
        throw new FaceError("CONFLICT", {
          where: "cluster",
          expected: "known pairs that go together",
          got: `faces ${a} and ${b} said to be two people, and one by other pairs`,
        });
      this.#apart.set(a, [...(this.#apart.get(a) ?? []), b]);
      this.#apart.set(b, [...(this.#apart.get(b) ?? []), a]);
    }
  }

  /** Faces that are one person's, in lists by rising first face; everybody else alone. */
  groups(): number[][] {
    const groups = new Map<number, number[]>();
    for (let face = 0; face < this.#parent.length; face++) {
      const root = this.#root(face);
      const group = groups.get(root);
      if (group) group.push(face);
      else groups.set(root, [face]);
    }
    return [...groups.values()];
  }

  /** The faces that are said to be other people's than a face. */
  apartFrom(face: number): readonly number[] {
    return this.#apart.get(face) ?? [];
  }

  #root(face: number): number {
    let root = face;
    while (this.#parent[root] !== root) root = this.#parent[root]!;
    for (let at = face; at !== root; ) {
      const next = this.#parent[at]!;
      this.#parent[at] = root;
      at = next;
    }
    return root;
  }
}
