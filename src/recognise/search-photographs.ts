import { type Box, FaceError, shown, type UnitVector } from "../core/index.ts";
import { fileIdentityOf } from "../photographs/index.ts";
import { ExactIndex } from "../search/index.ts";

/** A face with its vector, wherever it came from: a photograph just seen or a file of embeddings. */
export interface EmbeddedFace {
  readonly box: Box<"image">;
  readonly embedding: UnitVector;
}

/** A photograph that resembles a query, by its most similar face. */
export interface PhotographHit {
  readonly path: string;
  /** Index of that face in its photograph. */
  readonly face: number;
  readonly box: Box<"image">;
  /** In [−1, 1]. */
  readonly cosine: number;
}

/**
 * Photographs searched by face: a photograph is as similar as the most similar of its faces.
 *
 * ```ts
 * import { PhotographIndex, Recognizer } from "arcface-ts";
 *
 * await using recognizer = await Recognizer.open();
 * const index = new PhotographIndex();
 * for (const path of ["a.jpg", "b.jpg"]) index.add(path, (await recognizer.faces(path)).faces);
 * for (const { path, cosine } of await recognizer.search("who.jpg", index, { k: 3 })) console.log(cosine, path);
 * ```
 */
export class PhotographIndex {
  readonly #index = new ExactIndex();
  readonly #photographs = new Map<string, { readonly group: number; readonly faces: EmbeddedFace[] }>();
  /** Photograph and face of each vector, by its id. */
  readonly #origins: { readonly path: string; readonly face: number }[] = [];

  /** The number of photographs with at least one face. */
  get size(): number {
    return this.#photographs.size;
  }

  /** The number of faces. */
  get faceCount(): number {
    return this.#origins.length;
  }

  /** Throws FaceError USAGE for anything but a path and a list of faces, SHAPE, ZERO_VECTOR. */
  add(path: string, faces: readonly EmbeddedFace[]): void {
    expectFaces(path, faces);
    for (const face of faces) {
      const known = this.#photographs.get(path) ?? { group: this.#photographs.size, faces: [] };
      this.#index.add(this.#origins.length, face.embedding, known.group);
      this.#origins.push({ path, face: known.faces.length });
      known.faces.push(face);
      this.#photographs.set(path, known);
    }
  }

  /** Faces of a photograph that was added; undefined for another. */
  faces(path: string): readonly EmbeddedFace[] | undefined {
    return this.#photographs.get(path)?.faces;
  }

  /**
   * The k most similar photographs by falling cosine, equal ones as they were added, without the query's own: neither its
   * path, nor another one that leads to the same file.
   *
   * @param floor the lowest cosine that is wanted; a search that finds nothing is shorter with one
   */
  search(query: UnitVector, k: number, queryPath?: string, floor?: number): PhotographHit[] {
    const own = new Set<string>(queryPath === undefined ? [] : [queryPath]);
    const file = queryPath === undefined ? undefined : fileIdentityOf(queryPath);
    for (;;) {
      const hits = this.#without(own, query, k, floor);
      // Only what was found is looked at on disk: an index may hold very many photographs.
      const same = file === undefined ? [] : hits.filter(({ path }) => fileIdentityOf(path) === file);
      if (same.length === 0) return hits;
      for (const { path } of same) own.add(path);
    }
  }

  #without(
    paths: ReadonlySet<string>,
    query: UnitVector,
    k: number,
    floor: number | undefined,
  ): PhotographHit[] {
    const groups = new Set([...paths].map((path) => this.#photographs.get(path)?.group));
    const filter =
      paths.size === 0 ? undefined : (_: number, group: number | undefined) => !groups.has(group);
    return this.#index.searchGroups(query, { k, filter, floor }).map(({ id, cosine }) => {
      const { path, face } = this.#origins[id]!;
      return { path, face, box: this.#photographs.get(path)!.faces[face]!.box, cosine };
    });
  }
}

/** JavaScript hands over whatever was written: nothing is added of what is not all as it should be. */
function expectFaces(path: unknown, faces: unknown): void {
  const where = "PhotographIndex.add";
  if (typeof path !== "string")
    throw new FaceError("USAGE", { where, expected: "a path as a string", got: shown(path) });
  if (!Array.isArray(faces))
    throw new FaceError("USAGE", {
      where: `${where}: ${path}`,
      expected: "an array of faces",
      got: shown(faces),
    });
  for (const [n, face] of faces.entries()) {
    const { box, embedding }: Partial<EmbeddedFace> = face ?? {};
    if (typeof box !== "object" || !(embedding instanceof Float32Array))
      throw new FaceError("USAGE", {
        where: `${where}: ${path}`,
        expected: `face ${n} with a box and an embedding`,
        got: shown(face),
      });
  }
}
