export { drawDetections } from "./detections.ts";
export {
  type BeforeAfter,
  beforeAfter,
  type EmbeddingMapOptions,
  embeddingMap,
  type MapPoint,
} from "./embedding-map.ts";
export {
  detCurve,
  type ErrorCurve,
  type ErrorCurveOptions,
  type ErrorPoint,
  rocCurve,
} from "./error-curves.ts";
export type { FigureText } from "./figure.ts";
export { type GroupRates, type GroupRatesOptions, groupRates } from "./group-rates.ts";
export { type GroupStyle, groupStyles, HUES, SHAPES } from "./palette.ts";
export { spreadPictures } from "./place-pictures.ts";
export { FONT_FAMILY, renderPng } from "./render-png.ts";
export { type ScoreHistogramOptions, type Scores, scoreHistogram } from "./score-histogram.ts";
export {
  type SimilarityMatrix,
  type SimilarityMatrixOptions,
  similarityMatrix,
} from "./similarity-matrix.ts";
export { escapeXml, jpegDataUrl, shorten } from "./svg.ts";
export { type GridHit, type GridPicture, type GridRow, topKGrid } from "./top-k-grid.ts";
export { type TrainingCurvesOptions, type TrainingSeries, trainingCurves } from "./training-curves.ts";
