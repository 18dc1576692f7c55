import type { Box, Space } from "../core/index.ts";

/** A scored box on its way to becoming a detection. */
export interface ScoredBox<S extends Space = "raster"> {
  readonly box: Box<S>;
  readonly score: number;
}

/**
 * Keeps the best of every group of boxes that overlap more than a threshold; by falling score, ties in input order.
 *
 * @param overlapOf `intersectionOverUnion`, or `intersectionOverSmaller` to drop a box inside another
 */
export function suppressNonMaxima<S extends Space, C extends ScoredBox<S>>(
  candidates: readonly C[],
  threshold: number,
  overlapOf: (a: Box<S>, b: Box<S>) => number,
): C[] {
  const kept: C[] = [];
  for (const candidate of [...candidates].sort((a, b) => b.score - a.score)) {
    if (
      !kept.some(
        (better) => meet(better.box, candidate.box) && overlapOf(better.box, candidate.box) > threshold,
      )
    )
      kept.push(candidate);
  }
  return kept;
}

/** False for boxes that lie apart, which is most of them: they are not measured. */
function meet<S extends Space>(a: Box<S>, b: Box<S>): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
