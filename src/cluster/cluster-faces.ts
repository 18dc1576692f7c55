import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../core/index.ts";
import { cosineGraph } from "./cosine-graph.ts";
import { type ClusterOptions, checkClustering, type FaceToCluster, inOrder } from "./face-to-cluster.ts";
import { KnownPairs } from "./known-pairs.ts";
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
  /** Faces that are said to be other people's. */
  readonly apart: Set<number>;
}

/**
 * Groups faces by person: the two groups that are most alike are joined, again and again, until no two are alike
 * enough. Alike means the mean cosine over all their pairs, so one look-alike pair does not chain two people together.
 *
 * Faces of one photograph are different people: groups that share a photograph are never joined. What is known of pairs goes
 * before all of that. The result depends on neither chance nor, but for equal cosines, order.
 *
 * Shapes    result: groups of indices into `faces`, each rising, by falling size and then by first index; every face is
 *           in exactly one, alone where nobody is alike
 * Throws    FaceError USAGE for a threshold outside [−1, 1], SHAPE for vectors of several dimensions, CONFLICT for known
 *           pairs that contradict each other, ABORTED
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
  const known = new KnownPairs(faces.length, options.known ?? []);
  const groups = new Map(
    known.groups().map((members, i): [number, Group] => [i, groupOf(faces, known, members)]),
  );
  const first = new Int32Array(faces.length);
  for (const [i, { members }] of groups) for (const member of members) first[member] = i;
  const queue = new MergeQueue();
  for (const edge of edges) {
    const [a, b] = [first[edge.a]!, first[edge.b]!];
    const [one, other] = [groups.get(a)!, groups.get(b)!];
    if (a === b || one.near.has(b) || mustStayApart(one, other)) continue;
    one.near.add(b);
    other.near.add(a);
    const alone = one.members.length + other.members.length === 2;
    const likeness = alone ? edge.cosine : meanCosine(one, other);
    if (likeness >= threshold) queue.push(a < b ? { a, b, likeness } : { a: b, b: a, likeness });
  }
  let next = groups.size;
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
      if (mustStayApart(joined, group)) {
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

function groupOf(faces: readonly FaceToCluster[], known: KnownPairs, members: readonly number[]): Group {
  const sum = new Float64Array(faces[0]!.embedding.length);
  for (const member of members) for (let d = 0; d < sum.length; d++) sum[d]! += faces[member]!.embedding[d]!;
  return {
    members: [...members],
    photographs: new Set(members.map((member) => faces[member]!.photograph)),
    sum,
    near: new Set(),
    apart: new Set(members.flatMap((member) => known.apartFrom(member))),
  };
}

function join(a: Group, b: Group): Group {
  return {
    members: [...a.members, ...b.members],
    photographs: new Set([...a.photographs, ...b.photographs]),
    sum: a.sum.map((value, d) => value + b.sum[d]!),
    near: new Set([...a.near, ...b.near]),
    apart: new Set([...a.apart, ...b.apart]),
  };
}

function meanCosine(a: Group, b: Group): number {
  let sum = 0;
  for (let d = 0; d < a.sum.length; d++) sum += a.sum[d]! * b.sum[d]!;
  return sum / (a.members.length * b.members.length);
}

/** Tells whether two groups share a photograph, or hold faces that are said to be two people's. */
function mustStayApart(a: Group, b: Group): boolean {
  const [small, large] = a.photographs.size < b.photographs.size ? [a, b] : [b, a];
  for (const photograph of small.photographs) if (large.photographs.has(photograph)) return true;
  return a.apart.size > 0 && b.members.some((member) => a.apart.has(member));
}
