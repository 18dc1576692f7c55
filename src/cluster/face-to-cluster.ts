import { FaceError, type UnitVector, type WorkOptions } from "../core/index.ts";
import type { KnownPair } from "./known-pairs.ts";

/** A face to be grouped. */
export interface FaceToCluster {
  readonly embedding: UnitVector;
  /** Two faces of one photograph are never put together. */
  readonly photograph: string;
}

/** The likeness that the faces of a group have to have. */
export interface ClusterOptions extends WorkOptions {
  /** The cosine at which faces, or groups by their mean, are taken as one person; belongs to a model and its calibration. */
  readonly threshold: number;
  /** Known pairs: groups never contradict it, whatever threshold and photographs say. @default none */
  readonly known?: readonly KnownPair[] | undefined;
}

/** Throws FaceError USAGE for a threshold outside [−1, 1], SHAPE for vectors of several dimensions. */
export function checkClustering(faces: readonly FaceToCluster[], { threshold }: ClusterOptions): void {
  if (!(threshold >= -1 && threshold <= 1))
    throw new FaceError("USAGE", { where: "cluster", expected: "a threshold from −1 to 1", got: threshold });
  const dimension = faces[0]?.embedding.length ?? 0;
  const odd = faces.find(({ embedding }) => embedding.length !== dimension);
  if (odd)
    throw new FaceError("SHAPE", {
      where: "cluster",
      expected: `vectors of dimension ${dimension}`,
      got: `one of ${odd.embedding.length}`,
    });
}

/** Groups as they are given back: members rising, by falling size and then by first member. */
export function inOrder(groups: readonly (readonly number[])[]): number[][] {
  return groups
    .map((members) => members.toSorted((a, b) => a - b))
    .sort((a, b) => b.length - a.length || a[0]! - b[0]!);
}
