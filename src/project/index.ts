/**
 * Many dimensions in two or three: t-SNE, UMAP and principal components, and how faithful a layout is.
 */
export { type Neighbours, nearestNeighbours } from "./neighbours.ts";
export { type Pca, type PcaOptions, pca, pcaTransform } from "./pca.ts";
export { centredPointsOf, type Points, pointsOf } from "./points.ts";
export { type LayoutQuality, layoutQuality } from "./quality.ts";
export {
  embedTsne,
  type Reference,
  type RepulsionMethod,
  type TsneLayout,
  type TsneOptions,
  type TsneSnapshot,
  type TsneTransformOptions,
  tsne,
  tsneTransform,
} from "./tsne/index.ts";
export { type UmapOptions, umap } from "./umap.ts";
