import type { UnitVector, WorkOptions } from "../core/index.ts";
import { embedTsne, layoutQuality, type Points, pca, pointsOf, umap } from "../project/index.ts";

/** Faces laid out in the plane by one method. */
export interface Layout {
  readonly id: "tsne" | "umap" | "pca";
  readonly label: string;
  /** Facts that a reader has to know to read it: settings, and how faithful it is. */
  readonly note: string;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Fewer faces than this have no neighbourhoods: only their principal components are shown. */
const FEWEST = 6;

/** The map by t-SNE, UMAP and principal components; the first is the one to show first. */
export async function layOut(
  vectors: readonly UnitVector[],
  options: WorkOptions & { readonly seed: number },
): Promise<Layout[]> {
  if (vectors.length === 0) return [];
  const points = pointsOf(vectors);
  const layouts: Layout[] = [];
  if (vectors.length >= FEWEST) {
    // People with few photographs have few neighbours: fewer count for each face than the field's 30 in a small study.
    const wanted = Math.min(30, Math.max(5, vectors.length / 10));
    const { layout, perplexity, klDivergence } = await embedTsne(points, { ...options, perplexity: wanted });
    layouts.push(
      split(
        "tsne",
        "t-SNE",
        layout,
        `t-SNE at perplexity ${Number(perplexity.toFixed(1))}, KL divergence ${klDivergence.toFixed(3)}; ${await faithful(points, layout, options)}`,
      ),
    );
    const spread = await umap(points, { ...options, neighbours: Math.min(15, vectors.length) });
    layouts.push(
      split(
        "umap",
        "UMAP",
        spread,
        `UMAP of ${Math.min(15, vectors.length)} neighbours; ${await faithful(points, spread, options)}`,
      ),
    );
  }
  const { components, scores, variances, totalVariance } = await pca(points, options);
  const flat = Float32Array.from({ length: vectors.length * 2 }, (_, i) =>
    i % 2 < components ? scores[(i >> 1) * components + (i % 2)]! : 0,
  );
  const kept = totalVariance > 0 ? ((variances[0]! + (variances[1] ?? 0)) / totalVariance) * 100 : 100;
  const quality = vectors.length >= FEWEST ? `; ${await faithful(points, flat, options)}` : "";
  layouts.push(
    split(
      "pca",
      "PCA",
      flat,
      `The first two principal components, ${kept.toFixed(0)} % of the variance${quality}`,
    ),
  );
  return layouts;
}

async function faithful(points: Points, layout: Float32Array, options: WorkOptions): Promise<string> {
  const { k, neighbourhoodPreservation, trustworthiness } = await layoutQuality(points, layout, options);
  return `of each face's ${k} nearest ${(neighbourhoodPreservation * 100).toFixed(0)} % are nearest in the map too, trustworthiness ${trustworthiness.toFixed(3)}.`;
}

function split(id: Layout["id"], label: string, flat: Float32Array, note: string): Layout {
  return {
    id,
    label,
    note,
    x: Float32Array.from({ length: flat.length / 2 }, (_, i) => flat[2 * i]!),
    y: Float32Array.from({ length: flat.length / 2 }, (_, i) => flat[2 * i + 1]!),
  };
}
