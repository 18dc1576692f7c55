export { drawDetections } from "./detections.ts";
export { FONT_FAMILY, renderPng } from "./render-png.ts";
export { type GridPicture, type GridRow, topKGrid } from "./top-k-grid.ts";
