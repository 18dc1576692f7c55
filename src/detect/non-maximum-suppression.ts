import type { Box } from "../core/index.ts";

/** A scored box on its way to becoming a detection. */
export interface Candidate {
  readonly box: Box<"raster">;
  readonly score: number;
}

/**
 * Keeps the best of every group of boxes that overlap more than a threshold; by falling score, ties in input order.
 *
 * @param overlapOf `intersectionOverUnion`, or `intersectionOverSmaller` to drop a box inside another
 */
export function suppressNonMaxima<C extends Candidate>(
  candidates: readonly C[],
  threshold: number,
  overlapOf: (a: Box<"raster">, b: Box<"raster">) => number,
): C[] {
  const kept: C[] = [];
  for (const candidate of [...candidates].sort((a, b) => b.score - a.score)) {
    if (!kept.some((better) => overlapOf(better.box, candidate.box) > threshold)) kept.push(candidate);
  }
  return kept;
}
