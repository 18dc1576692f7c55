import {
  type Box,
  intersectionOverSmaller,
  intersectionOverUnion,
  type Landmarks,
  type Point,
} from "../core/index.ts";
import type { Detection } from "./detector.ts";

/** The overlap that counts as the same box, and the share from which on a box inside another is a part of that face. */
export interface MergeThresholds {
  readonly overlap: number;
  readonly contained: number;
}

/**
 * Makes one face of what several looks at a picture, and several places of each, found of it: boxes that overlap become their
 * mean, weighted by score, and so do their landmarks; the score is the best of them. Of two faces one of which lies mostly
 * inside the other, the one with the higher score stays: a look that is too fine for a large face takes parts of it for faces,
 * at many places, but is not as sure.
 *
 * Returns   by falling score
 */
export function mergeScales(
  found: readonly Detection<"raster">[],
  { overlap, contained }: MergeThresholds,
): Detection<"raster">[] {
  const groups: Detection<"raster">[][] = [];
  for (const each of [...found].sort((a, b) => b.score - a.score)) {
    const group = groups.find(([best]) => intersectionOverUnion(best!.box, each.box) > overlap);
    if (group) group.push(each);
    else groups.push([each]);
  }
  const kept: Detection<"raster">[] = [];
  for (const face of groups.map(meanOf)) {
    if (!kept.some((other) => intersectionOverSmaller(other.box, face.box) > contained)) kept.push(face);
  }
  return kept;
}

function meanOf(group: readonly Detection<"raster">[]): Detection<"raster"> {
  const all = group.reduce((sum, { score }) => sum + score, 0);
  const mean = (of: (each: Detection<"raster">) => number): number =>
    group.reduce((sum, each) => sum + (each.score / all) * of(each), 0);
  const box: Box<"raster"> = {
    x: mean(({ box }) => box.x),
    y: mean(({ box }) => box.y),
    width: mean(({ box }) => box.width),
    height: mean(({ box }) => box.height),
  };
  const landmarks = group[0]!.landmarks.map(
    (_, k): Point<"raster"> => ({
      x: mean(({ landmarks: own }) => own[k]!.x),
      y: mean(({ landmarks: own }) => own[k]!.y),
    }),
  );
  return { box, score: group[0]!.score, landmarks: landmarks as unknown as Landmarks<"raster"> };
}
