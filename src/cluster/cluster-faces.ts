import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../core/index.ts";
import { cosineGraph } from "./cosine-graph.ts";
import { type ClusterOptions, checkClustering, type FaceToCluster, inOrder } from "./face-to-cluster.ts";
import { MergeQueue } from "./merge-queue.ts";

/** Merges between two moments in which the thread does other things. */
const MERGES_AT_ONCE = 100;

/** A group while it grows. */
interface Group {
  readonly members: number[];
  readonly photographs: Set<string>;
  /** The sum of the members' vectors: its product with another's is the sum of all cosines between them. */
  readonly sum: Float64Array;
  /** Groups with which at least one pair of faces lies above the threshold. */
  readonly near: Set<number>;
}

/**
 * Groups faces by person: the two groups that are most alike are joined, again and again, until no two are alike
 * enough. Alike means the mean cosine over all their pairs, so one look-alike pair does not chain two people together.
 *
 * Faces of one photograph are different people: groups that share a photograph are never joined. The result depends on
 * neither chance nor, but for equal cosines, order.
 *
 * Shapes    result: groups of indices into `faces`, each rising, by falling size and then by first index; every face is
 *           in exactly one, alone where nobody is alike
 * Throws    FaceError USAGE for a threshold outside [−1, 1], SHAPE for vectors of several dimensions, ABORTED
 * Source    average linkage (R. R. Sokal, C. D. Michener, 1958) on the graph of cosines, with constraints;
 *           docs/decisions/clustering.md compares it with DBSCAN and Chinese whispers
 *
 * ```ts
 * import { Recognizer } from "arcface-ts";
 * import { clusterFaces } from "arcface-ts/cluster";
 *
 * await using recognizer = await Recognizer.open();
 * const { faces } = await recognizer.faces("party.jpg");
 * const all = faces.map(({ embedding }) => ({ embedding, photograph: "party.jpg" }));
 * for (const group of await clusterFaces(all, { threshold: 0.4 })) console.log(group);
 * ```
 */
export async function clusterFaces(
  faces: readonly FaceToCluster[],
  options: ClusterOptions,
): Promise<number[][]> {
  const { threshold } = options;
  checkClustering(faces, options);
  const edges = await cosineGraph(
    faces.map(({ embedding }) => embedding),
    threshold,
    options,
  );
  const groups = new Map<number, Group>(
    faces.map(({ embedding, photograph }, i) => [
      i,
      {
        members: [i],
        photographs: new Set([photograph]),
        sum: Float64Array.from(embedding),
        near: new Set(),
      },
    ]),
  );
  const queue = new MergeQueue();
  for (const { a, b, cosine } of edges) {
    if (faces[a]!.photograph === faces[b]!.photograph) continue;
    groups.get(a)!.near.add(b);
    groups.get(b)!.near.add(a);
    queue.push({ a, b, likeness: cosine });
  }
  let next = faces.length;
  let merges = 0;
  for (let merge = queue.pop(); merge; merge = queue.pop()) {
    const [a, b] = [groups.get(merge.a), groups.get(merge.b)];
    // A group that was joined since is no more; its successor has entries of its own.
    if (!a || !b) continue;
    throwIfAborted(options.signal);
    if (++merges % MERGES_AT_ONCE === 0) await setImmediate();
    groups.delete(merge.a);
    groups.delete(merge.b);
    const joined = join(a, b);
    for (const other of joined.near) {
      const group = groups.get(other);
      if (!group) {
        joined.near.delete(other);
        continue;
      }
      group.near.delete(merge.a);
      group.near.delete(merge.b);
      // A mean above the threshold needs a pair above it, so groups that are not near need no look.
      const likeness = meanCosine(joined, group);
      if (sharePhotograph(joined, group)) {
        joined.near.delete(other);
        continue;
      }
      group.near.add(next);
      if (likeness >= threshold) queue.push({ a: other, b: next, likeness });
    }
    groups.set(next++, joined);
  }
  return inOrder([...groups.values()].map(({ members }) => members));
}

function join(a: Group, b: Group): Group {
  return {
    members: [...a.members, ...b.members],
    photographs: new Set([...a.photographs, ...b.photographs]),
    sum: a.sum.map((value, d) => value + b.sum[d]!),
    near: new Set([...a.near, ...b.near]),
  };
}

function meanCosine(a: Group, b: Group): number {
  let sum = 0;
  for (let d = 0; d < a.sum.length; d++) sum += a.sum[d]! * b.sum[d]!;
  return sum / (a.members.length * b.members.length);
}

function sharePhotograph(a: Group, b: Group): boolean {
  const [small, large] = a.photographs.size < b.photographs.size ? [a, b] : [b, a];
  for (const photograph of small.photographs) if (large.photographs.has(photograph)) return true;
  return false;
}
