import { cosine, FaceError, type UnitVector } from "../core/index.ts";
import { encodePng, RgbImage, readImage } from "../image/index.ts";
import { lookAtAll, type Service } from "./service.ts";

/** Side of a patch in shares of the crop's, patches along a side, and the largest crop in pixels. */
const PATCH = 0.25;
const STEPS = 7;
const LARGEST = 512;

/** Changes of a score when patches of one of its faces are covered in turn. */
export interface Occlusion {
  /** Patches along each side. */
  readonly side: number;
  /** Rows from the top: [side · side]. Negative: the patch made the two alike. */
  readonly changes: readonly number[];
}

/**
 * Covers a crop patch by patch in its mean grey, and compares each with another face.
 *
 * @param file a crop as it was made of a photograph
 * @param other the vector of the pair's other face
 * Throws    FaceError BAD_IMAGE, SHAPE for what is no crop of this model; ServiceError OVERLOADED
 */
export async function occlude(
  service: Service,
  file: Uint8Array,
  other: UnitVector,
  signal: AbortSignal,
): Promise<Occlusion> {
  const crop = await readImage(file, { maxPixels: LARGEST ** 2 });
  const patches = Array.from({ length: STEPS * STEPS }, (_, i) =>
    covered(crop, i % STEPS, Math.floor(i / STEPS)),
  );
  const pictures = await Promise.all([crop, ...patches].map(encodePng));
  const seen = await lookAtAll(service, service.recognition, pictures, "crop", signal);
  const scores = seen.map((each) => {
    const [face] = "error" in each ? [] : each.faces;
    if (face) return cosine(face.embedding, other);
    throw new FaceError("SHAPE", {
      where: "crop",
      expected: "one as /v1/embed gives it",
      got: `${crop.width}×${crop.height}`,
    });
  });
  return { side: STEPS, changes: scores.slice(1).map((score) => score - scores[0]!) };
}

function covered({ width, height, data }: RgbImage, column: number, row: number): RgbImage {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const left = Math.round((column / (STEPS - 1)) * (1 - PATCH) * width);
  const top = Math.round((row / (STEPS - 1)) * (1 - PATCH) * height);
  const pixels = new Uint8Array(data);
  for (let y = top; y < top + Math.round(PATCH * height); y++)
    pixels.fill(mean, 3 * (y * width + left), 3 * (y * width + left + Math.round(PATCH * width)));
  return new RgbImage(width, height, pixels);
}
