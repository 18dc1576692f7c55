import type { Provenance } from "../../gallery/index.ts";
import type { Face } from "../face.ts";

/** Origin of a face as a gallery keeps it, to hundredths of a pixel. */
export function provenanceOf(
  source: string,
  sha256: string | null,
  { box, landmarks, score }: Omit<Face, "embedding">,
): Provenance {
  const pixels = (value: number): number => Math.round(value * 100) / 100;
  return {
    source,
    sha256,
    box: { x: pixels(box.x), y: pixels(box.y), width: pixels(box.width), height: pixels(box.height) },
    landmarks: landmarks.map(({ x, y }) => [pixels(x), pixels(y)] as const),
    score: Number(score.toPrecision(9)),
  };
}
