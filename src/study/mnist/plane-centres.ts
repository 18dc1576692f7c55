import type { Weights } from "../../networks/index.ts";
import { CENTRES, type HeadConfig } from "../../train/heads/index.ts";

/**
 * What a head's centres start from where features lie in a plane: directions all around at equal angles. Drawn ones may
 * lie side by side or leave half of the circle empty, and in a plane no class can get past another to a better place.
 *
 * Shapes    [classes, 2], with K rows of length 1 for each class where a class has K centres
 */
export function planeCentres(head: HeadConfig, classes: number): Weights {
  const rows = classes * (head.head === "sub-center-arcface" ? head.centres : 1);
  const values = new Float32Array(2 * rows);
  for (let row = 0; row < rows; row++) {
    const angle = (2 * Math.PI * row) / rows;
    values.set([Math.cos(angle), Math.sin(angle)], 2 * row);
  }
  return new Map([[CENTRES, { shape: [rows, 2], floats: () => values.slice() }]]);
}
