import { normalize } from "../core/index.ts";
import { sha256 } from "../models/index.ts";
import type { MeasuredPicture } from "./pictures/index.ts";
import type { Template } from "./protocols/index.ts";

/** The weight of a picture's vector in its template. */
export interface PoolingOptions {
  /** Keep the length that the network gave each vector: clear pictures weigh more. @default true */
  readonly norm?: boolean | undefined;
  /** Multiply by the detector's score: doubtful faces weigh less. @default true */
  readonly detectorScore?: boolean | undefined;
}

/**
 * One vector a template: the mean over the pictures of each medium, the sum over media, at length 1. A template without
 * a single face stays in the list as a failure.
 *
 * Returns   a template for each, its `norm` the length of the sum, its `score` the mean of its pictures'
 * Source    InsightFace's IJB-C evaluation: norms (N1), detector scores (D1), pooling by media
 */
export function poolTemplates(
  templates: readonly Template[],
  measured: readonly MeasuredPicture[],
  options: PoolingOptions = {},
): MeasuredPicture[] {
  const { norm: useNorm = true, detectorScore = true } = options;
  return templates.map(({ media }) => {
    const digest = sha256(
      new TextEncoder().encode(
        media.map((own) => own.map((picture) => measured[picture]!.sha256).join(" ")).join("\n"),
      ),
    );
    let sum: Float64Array | undefined;
    let scores = 0;
    let faces = 0;
    for (const pictures of media) {
      const found = pictures.flatMap((picture) => {
        const { face } = measured[picture]!;
        return face.kind === "face" ? [face] : [];
      });
      for (const { embedding, norm, score } of found) {
        sum ??= new Float64Array(embedding.length);
        const weight = ((useNorm ? norm : 1) * (detectorScore ? score : 1)) / found.length;
        for (let i = 0; i < sum.length; i++) sum[i]! += weight * embedding[i]!;
        scores += score;
        faces++;
      }
    }
    const length = sum ? Math.hypot(...sum) : 0;
    if (!sum || length === 0) return { sha256: digest, face: { kind: "no-face" } };
    const embedding = normalize(Float32Array.from(sum));
    return { sha256: digest, face: { kind: "face", embedding, norm: length, score: scores / faces } };
  });
}
