import { MergeQueue } from "./merge-queue.ts";

/** Two parts of a group that a grouping joined, and how alike they are. */
export interface Parts {
  readonly one: readonly number[];
  readonly other: readonly number[];
  /** Sums of the vectors of each. */
  readonly sums: readonly [Float32Array, Float32Array];
}

/** Faces of a group whose parts are looked at; of a larger one those behind are left out. */
const MOST = 1000;

/**
 * The parts that average linkage joins on the way from single faces to the whole group: the last two first.
 *
 * @param vectors of the faces; `groups` are those that are known to be one person's, and are not taken apart
 */
export function partsOfGroup(
  groups: readonly (readonly number[])[],
  vectorOf: (face: number) => ArrayLike<number>,
): Parts[] {
  const nodes = new Map<number, { readonly faces: readonly number[]; readonly sum: Float32Array }>();
  for (const [i, faces] of groups.slice(0, MOST).entries()) {
    const sum = new Float32Array(vectorOf(faces[0]!).length);
    for (const face of faces) {
      const vector = vectorOf(face);
      for (let d = 0; d < sum.length; d++) sum[d]! += vector[d]!;
    }
    nodes.set(i, { faces, sum });
  }
  const queue = new MergeQueue();
  const ask = (a: number, b: number): void => {
    const [x, y] = [nodes.get(a)!, nodes.get(b)!];
    queue.push({ a, b, likeness: dot(x.sum, y.sum) / (x.faces.length * y.faces.length) });
  };
  for (let a = 0; a < nodes.size; a++) for (let b = a + 1; b < nodes.size; b++) ask(a, b);
  const parts: Parts[] = [];
  let next = nodes.size;
  for (let merge = queue.pop(); merge; merge = queue.pop()) {
    const [x, y] = [nodes.get(merge.a), nodes.get(merge.b)];
    if (!x || !y) continue;
    parts.push({ one: x.faces, other: y.faces, sums: [x.sum, y.sum] });
    nodes.delete(merge.a);
    nodes.delete(merge.b);
    nodes.set(next, { faces: [...x.faces, ...y.faces], sum: x.sum.map((value, d) => value + y.sum[d]!) });
    for (const other of nodes.keys()) if (other !== next) ask(other, next);
    next++;
  }
  return parts.reverse();
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}
