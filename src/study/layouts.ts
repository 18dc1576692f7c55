import type { UnitVector, WorkOptions } from "../core/index.ts";

/** Faces laid out in the plane by one method. */
export interface Layout {
  readonly id: "tsne" | "umap" | "pca";
  readonly label: string;
  /** What a reader has to know to read it: settings, quality. */
  readonly note: string;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

export async function layOut(
  vectors: readonly UnitVector[],
  _options: WorkOptions & { readonly seed: number },
): Promise<Layout[]> {
  const [x, y] = pca(vectors);
  return [{ id: "pca", label: "PCA", note: "", x, y }];
}

function pca(vectors: readonly UnitVector[]): [Float32Array, Float32Array] {
  const d = vectors[0]?.length ?? 0;
  const mean = new Float64Array(d);
  for (const v of vectors) for (let k = 0; k < d; k++) mean[k]! += v[k]! / vectors.length;
  const axes: Float64Array[] = [];
  for (let a = 0; a < 2; a++) {
    let w = Float64Array.from({ length: d }, (_, k) => Math.sin(k * (a + 1) + 1));
    for (let it = 0; it < 60; it++) {
      const next = new Float64Array(d);
      for (const v of vectors) {
        let dot = 0;
        for (let k = 0; k < d; k++) dot += (v[k]! - mean[k]!) * w[k]!;
        for (let k = 0; k < d; k++) next[k]! += dot * (v[k]! - mean[k]!);
      }
      for (const u of axes) {
        let dot = 0;
        for (let k = 0; k < d; k++) dot += u[k]! * next[k]!;
        for (let k = 0; k < d; k++) next[k]! -= dot * u[k]!;
      }
      const n = Math.hypot(...next) || 1;
      w = next.map((value) => value / n);
    }
    axes.push(w);
  }
  return axes.map((w) =>
    Float32Array.from(vectors, (v) => {
      let dot = 0;
      for (let k = 0; k < d; k++) dot += (v[k]! - mean[k]!) * w[k]!;
      return dot;
    }),
  ) as [Float32Array, Float32Array];
}
