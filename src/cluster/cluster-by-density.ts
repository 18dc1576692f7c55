import { FaceError, throwIfAborted } from "../core/index.ts";
import { cosineGraph, type Edge } from "./cosine-graph.ts";
import { type ClusterOptions, checkClustering, type FaceToCluster, inOrder } from "./face-to-cluster.ts";
import { KnownPairs } from "./known-pairs.ts";

/** The density that a group has to have. */
export interface DensityOptions extends ClusterOptions {
  /** Faces at or above the threshold, itself among them, that make a face one others are reached from. @default 2 */
  readonly least?: number | undefined;
}

/**
 * Groups faces by density on the cosine graph: whoever is reached through a chain of dense faces belongs together. The
 * most alike pairs join first, and a face that is not dense itself goes to the dense one it is most alike.
 *
 * Faces of one photograph are different people: groups that share a photograph are never joined. One wrong pair chains
 * two people together, so this wants a higher threshold than {@link clusterFaces}; docs/decisions/clustering.md compares
 * them.
 *
 * Shapes    result: groups of indices into `faces`, each rising, by falling size and then by first index; every face is
 *           in exactly one, alone where nobody is near
 * Throws    FaceError USAGE for a threshold outside [−1, 1] or `least` below 1, SHAPE for vectors of several dimensions,
 *           CONFLICT for known pairs that contradict each other, ABORTED
 * Source    Ester et al., A density-based algorithm for discovering clusters (DBSCAN), 1996; pairs that cannot be one as in
 *           Ruiz et al., C-DBSCAN, 2007
 */
export async function clusterByDensity(
  faces: readonly FaceToCluster[],
  options: DensityOptions,
): Promise<number[][]> {
  const { threshold, least = 2 } = options;
  checkClustering(faces, options);
  if (!Number.isInteger(least) || least < 1)
    throw new FaceError("USAGE", { where: "cluster", expected: "at least 1 face to be dense", got: least });
  const vectors = faces.map(({ embedding }) => embedding);
  const edges = (await cosineGraph(vectors, threshold, options))
    .filter(({ a, b }) => faces[a]!.photograph !== faces[b]!.photograph)
    .sort((x, y) => y.cosine - x.cosine || x.a - y.a || x.b - y.b);
  throwIfAborted(options.signal);
  const near = new Uint32Array(faces.length).fill(1);
  for (const { a, b } of edges) {
    near[a]!++;
    near[b]!++;
  }
  const isDense = (face: number): boolean => near[face]! >= least;
  const groups = new ExclusiveGroups(faces, new KnownPairs(faces.length, options.known ?? []));
  for (const { a, b } of edges) if (isDense(a) && isDense(b)) groups.join(a, b);
  for (const { a, b } of bestReach(edges, isDense).values()) groups.join(a, b);
  return inOrder(groups.all());
}

/** The best edge to a dense face, of each face that is not dense. */
function bestReach(edges: readonly Edge[], isDense: (face: number) => boolean): Map<number, Edge> {
  const best = new Map<number, Edge>();
  // By falling cosine: the first is the best.
  for (const edge of edges) {
    if (isDense(edge.a) === isDense(edge.b)) continue;
    const outer = isDense(edge.a) ? edge.b : edge.a;
    if (!best.has(outer)) best.set(outer, edge);
  }
  return best;
}

/** Faces in groups that grow together, unless two of them are of one photograph, or said to be two people's. */
class ExclusiveGroups {
  readonly #groupOf: { readonly members: number[]; readonly photographs: Set<string> }[] = [];
  readonly #known: KnownPairs;

  constructor(faces: readonly FaceToCluster[], known: KnownPairs) {
    this.#known = known;
    for (const members of known.groups()) {
      const group = { members, photographs: new Set(members.map((face) => faces[face]!.photograph)) };
      for (const face of members) this.#groupOf[face] = group;
    }
  }

  join(a: number, b: number): void {
    const [one, other] = [this.#groupOf[a]!, this.#groupOf[b]!];
    if (one === other) return;
    const [large, small] = one.members.length < other.members.length ? [other, one] : [one, other];
    for (const photograph of small.photographs) if (large.photographs.has(photograph)) return;
    for (const face of small.members)
      if (this.#known.apartFrom(face).some((far) => this.#groupOf[far] === large)) return;
    for (const photograph of small.photographs) large.photographs.add(photograph);
    for (const member of small.members) {
      large.members.push(member);
      this.#groupOf[member] = large;
    }
  }

  all(): readonly number[][] {
    return [...new Set(this.#groupOf)].map(({ members }) => members);
  }
}
